/** Colours for YAML, a line at a time: enough for the block style that Kubernetes objects are written in. */
export interface YamlToken {
  kind: "key" | "string" | "number" | "keyword" | "comment" | "punctuation" | "text";
  text: string;
}

const KEY = /^(\s*(?:- )*)((?:"[^"]*"|'[^']*'|[^\s#:'"{[-][^#:]*?|[^\s#:'"{[](?=:)))(:)(?=\s|$)/;
const SCALARS: [RegExp, YamlToken["kind"]][] = [
  [/^(true|false|null|~)$/, "keyword"],
  [/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/, "number"],
  [/^(".*"|'.*')$/, "string"],
  [/^[|>][-+]?\d*$/, "punctuation"],
  [/^(\{\}|\[\])$/, "punctuation"],
];

function scalar(text: string): YamlToken[] {
  if (text === "") return [];
  const lead = text.match(/^\s+/)?.[0] ?? "";
  const body = text.slice(lead.length);
  const kind = SCALARS.find(([pattern]) => pattern.test(body.trim()))?.[1] ?? "string";
  return [...(lead ? [{ kind: "text", text: lead } as const] : []), { kind, text: body }];
}

export function yamlTokens(line: string): YamlToken[] {
  if (/^\s*#/.test(line)) return [{ kind: "comment", text: line }];
  const key = KEY.exec(line);
  if (key) {
    const [whole, lead = "", name = "", colon = ""] = key;
    const tokens: YamlToken[] = [];
    if (lead) tokens.push({ kind: lead.includes("-") ? "punctuation" : "text", text: lead });
    tokens.push({ kind: "key", text: name }, { kind: "punctuation", text: colon });
    return [...tokens, ...scalar(line.slice(whole.length))];
  }
  const item = /^(\s*(?:- )+)(.*)$/.exec(line);
  if (item) return [{ kind: "punctuation", text: item[1] ?? "" }, ...scalar(item[2] ?? "")];
  return scalar(line);
}
