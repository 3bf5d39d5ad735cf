import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { find, understand, without } from "./find";
import { FLAGS, KINDS, OPERATORS } from "./find-attributes";
import { FindError, parse } from "./find-parse";
import type { GraphView } from "./model";

/** The table that the server's reading of the language is tested with too. */
const CASES = JSON.parse(readFileSync("../tests/domain/graph/find_cases.json", "utf8")) as {
  kinds: Record<string, string>;
  flags: string[];
  operators: string[];
  view: GraphView;
  finds: [string, string[]][];
  mistakes: [string, number, number, string][];
};

function ids(text: string): string[] {
  const found = find(CASES.view, parse(text));
  return [...found.nodes, ...found.edges].sort();
}

function wrong(text: string): FindError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof FindError) return error;
    throw error;
  }
  throw new Error(`${text} is an expression`);
}

describe("the language is the server's", () => {
  it("knows the same words", () => {
    expect(Object.fromEntries(KINDS)).toEqual(CASES.kinds);
    expect(FLAGS).toEqual(CASES.flags);
    expect(OPERATORS).toEqual(CASES.operators);
  });

  test.each(CASES.finds)("%s", (text, expected) => {
    expect(ids(text)).toEqual(expected);
  });

  test.each(CASES.mistakes)("%s is refused at its place", (text, position, length, message) => {
    const error = wrong(text);
    expect([error.position, error.length, error.message]).toEqual([position, length, message]);
  });

  it("ends somewhere", () => {
    expect(wrong("x".repeat(2001)).message).toBe("An expression has at most 2,000 characters.");
  });
});

describe("hiding", () => {
  const hide = (text: string) => without(CASES.view, find(CASES.view, parse(text)));

  it("takes edges and emptied boxes along", () => {
    const view = hide("name = till");
    expect(view.nodes.map((node) => node.id)).toEqual(["web", "cart"]);
    expect(view.edges.map((edge) => edge.id)).toEqual(["web>cart"]);
    expect(view.boxes.map((box) => box.id)).toEqual(["box:demo", "box:shop"]);
    expect(hide("kind = workload").boxes).toEqual([]);
  });

  it("leaves the ends of a hidden edge", () => {
    const view = hide("protocol = tcp");
    expect(view.nodes).toHaveLength(CASES.view.nodes.length);
    expect(view.edges.map((edge) => edge.id)).toEqual(["web>cart"]);
  });

  it("keeps the very same view when nothing is found", () => {
    expect(hide("name = nothing")).toBe(CASES.view);
  });
});

describe("what is written", () => {
  const found = (text: string) => {
    const { expression } = understand(text);
    return expression ? [...find(CASES.view, expression).nodes] : null;
  };

  it("is no mistake when it is nothing", () => {
    expect(understand("  ")).toEqual({ text: "", expression: null, error: null });
  });

  it("may be plain words: parts of a node's name, app, version or kind", () => {
    expect(found("CAR")).toEqual(["cart"]);
    expect(found("web v1")).toEqual(["web"]);
    expect(found("web v2")).toEqual([]);
    expect(found("workload")).toHaveLength(3);
  });

  it("is an expression as soon as it begins like one", () => {
    expect(understand("errors").error?.message).toContain("Write an operator after errors");
    expect(understand("web and").error?.message).toContain("no attribute");
    expect(found("idle")).toEqual(["till"]);
  });

  it("says words as an expression that the server understands too", () => {
    const { text } = understand('a\\b "c"');
    expect(text).toBe('a\\b "c"');
    expect(() => parse(understand("we\\b").text)).not.toThrow();
  });
});
