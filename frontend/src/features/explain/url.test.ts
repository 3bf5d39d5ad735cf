import { describe, expect, it } from "vitest";
import { parseHeaders } from "./queries";
import { askedOf, askedParams, changeOf, changeParams } from "./url";

describe("the question in the link", () => {
  it("comes back as it was", () => {
    const asked = {
      namespace: "shop",
      workload: "web",
      host: "catalog:80",
      port: 80,
      method: "POST",
      path: "/a?b=c",
      headers: "x-user: jason\nx-a: b:c",
      protocol: "http",
    } as const;
    expect(askedOf(new URLSearchParams(askedParams(asked)))).toEqual(asked);
    expect(parseHeaders(asked.headers)).toEqual({ "x-user": "jason", "x-a": "b:c" });
  });

  it("keeps a change of weights whose ids have colons", () => {
    const change = { namespace: "shop", name: "catalog", weights: { "0.1/v1": 20, "a:b": 80 } };
    expect(changeOf(new URLSearchParams(changeParams(change)))).toEqual(change);
  });

  it("is no question without a source or a host", () => {
    expect(askedOf(new URLSearchParams("host=a"))).toBeNull();
    expect(askedOf(new URLSearchParams("from=shop/web"))).toBeNull();
    expect(changeOf(new URLSearchParams("service=shop/catalog&weights=x"))).toBeNull();
  });
});
