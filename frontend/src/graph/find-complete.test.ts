import { expect, test } from "vitest";
import { understand } from "./find";
import { FLAGS, KINDS, OPERATORS } from "./find-attributes";
import { accept, complete, EXAMPLES, MEANINGS, OPERATOR_MEANINGS } from "./find-complete";
import { aNode, anEdge, aView } from "./fixtures";

const VIEW = aView({
  nodes: [
    aNode("web", { namespace: "shop" }),
    aNode("cart", { namespace: "shop" }),
    aNode("till", { namespace: "pay day" }),
  ],
  edges: [anEdge("web", "cart", { flags: { "URX,UF": 1 } }), anEdge("cart", "till", { codes: { "200": 1, "503": 1 } })],
});

function offered(text: string, caret = text.length): string[] {
  return complete(text, caret, VIEW).options.map((option) => option.text);
}

test("attributes are offered where one should follow", () => {
  expect(offered("")).toContain("errors");
  expect(offered("not ")).toContain("missing_proxy");
  expect(offered("rate > 1 and (")).toContain("p95");
  expect(offered("ver")).toEqual(["version", "verdict"]);
});

test("a name of the view is offered as the comparison that finds it", () => {
  expect(offered("ca")[0]).toBe("name = cart");
});

test("operators suit the attribute", () => {
  expect(offered("rate ")).toEqual(["=", "!=", ">", ">=", "<", "<="]);
  expect(offered("name ")).toEqual(["=", "!=", "contains", "startswith", "endswith"]);
});

test("values come from the view, the most frequent first, quoted where that is needed", () => {
  expect(offered("namespace = ")).toEqual(["shop", '"pay day"']);
  expect(offered("flag = ")).toEqual(["UF", "URX", "URX,UF"]);
  expect(offered("code >= ")).toEqual(["200", "503"]);
  expect(offered('namespace = "pa')).toEqual(['"pay day"']);
});

test("after a comparison come and, or, and what closes a group", () => {
  expect(offered("idle ")).toEqual(["and", "or"]);
  expect(offered("(idle ")).toEqual(["and", "or", ")"]);
});

test("what is complete is not offered again", () => {
  expect(offered("rate > 1 and idle")).toEqual([]);
});

test("taking an option replaces the word at the caret and keeps what follows", () => {
  const text = "nam = web";
  const completion = complete(text, 3, VIEW);
  const name = completion.options.find((option) => option.text === "name");
  expect(name && accept(text, completion, name)).toEqual({ text: "name = web", caret: 5 });
});

test("every word is explained, and every example can be read", () => {
  for (const word of [...KINDS.keys(), ...FLAGS]) expect(MEANINGS[word], word).toBeTruthy();
  for (const operator of OPERATORS) expect(OPERATOR_MEANINGS[operator], operator).toBeTruthy();
  for (const { text } of EXAMPLES) expect(understand(text).error, text).toBeNull();
});
