"""Rows and inventory to a graph at the finest grain; its projections, decorations and deltas."""
