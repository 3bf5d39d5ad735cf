import { contains, distanceTo, grown, type Point } from "./geometry";
import type { Picture } from "./picture";

/** What is at a point of the picture: a node before an edge within reach, an edge before a box. */
export function hit(picture: Picture, at: Point, reach: number): string | null {
  let found: string | null = null;
  for (const node of picture.nodes.values()) if (contains(node.rect, at)) found = node.id;
  if (found) return found;
  let least = Number.POSITIVE_INFINITY;
  for (const edge of picture.edges) {
    const room = reach + edge.look.width / 2;
    if (!contains(grown(edge.bounds, room), at)) continue;
    const distance = distanceTo(edge.line, at);
    if (distance <= room && distance <= least) [found, least] = [edge.id, distance];
  }
  if (found) return found;
  for (const box of picture.boxes) if (contains(box.rect, at)) found = box.id;
  return found;
}
