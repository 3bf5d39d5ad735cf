from meshui.domain.graph.totals import mesh_totals
from meshui.domain.telemetry.totals import MeshTotals


def test_totals_are_of_requests_and_their_failures_and_not_of_connections(shop):
    shop.workload("stock/db").service("stock/db")
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 9)
    shop.calls("shop/web", "shop/catalog", "shop/catalog-v1", 1, code="503", flags="UC")
    shop.calls("shop/catalog-v1", "stock/db", "stock/db", 2, protocol="tcp", flags="UF")
    assert mesh_totals(shop.graph()) == MeshTotals(rate=10.0, failed=1.0)
