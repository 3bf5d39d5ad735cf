import { describe, expect, it } from "vitest";
import { headersOf, questionOf } from "./CallPage";
import { questionOfEdge } from "./EdgeReason";

const EMPTY = {
  caller: "",
  service: "",
  port: "",
  method: "",
  path: "",
  host: "",
  headers: "",
  source_ip: "",
  claims: "",
};

describe("the question of the form", () => {
  it("is none without a service", () => {
    expect(questionOf(EMPTY)).toBeNull();
  });

  it("leaves what is not given unknown", () => {
    expect(questionOf({ ...EMPTY, caller: "outside the mesh", service: "shop/catalog" })).toEqual({
      caller: "",
      service: "shop/catalog",
    });
  });

  it("takes a request with a path for one without headers and token", () => {
    expect(questionOf({ ...EMPTY, caller: "shop/web", service: "shop/catalog", port: "80", path: "/a" })).toEqual({
      caller: "shop/web",
      service: "shop/catalog",
      port: 80,
      path: "/a",
      headers: {},
      token: null,
    });
  });

  it("wants claims to be an object", () => {
    expect(questionOf({ ...EMPTY, service: "shop/catalog", claims: "[1]" })).toMatch(/JSON object/);
    expect(questionOf({ ...EMPTY, service: "shop/catalog", claims: '{"sub": "a"}' })).toMatchObject({
      token: { claims: { sub: "a" } },
    });
  });

  it("reads headers by line, with colons in values", () => {
    expect(headersOf("X-Team: a\n\nhost-like: b:80\nempty:")).toEqual({
      "x-team": "a",
      "host-like": "b:80",
      empty: "",
    });
  });
});

describe("the question of an edge", () => {
  it("is of the caller and the service or workload", () => {
    const source = "workload:demo/shop/web";
    expect(questionOfEdge({ source, destination: "service:demo/shop/catalog" })).toEqual({
      caller: "shop/web",
      service: "shop/catalog",
    });
    expect(questionOfEdge({ source: "unknown:demo", destination: "workload:demo/shop/catalog-v1" })).toEqual({
      caller: "",
      workload: "shop/catalog-v1",
    });
  });

  it("is none where policy has nothing to say", () => {
    expect(questionOfEdge({ source: "service:demo/shop/web", destination: "service:demo/shop/catalog" })).toBeNull();
    expect(
      questionOfEdge({ source: "workload:demo/shop/web", destination: "service_entry:demo/shop/api.example" }),
    ).toBeNull();
  });
});
