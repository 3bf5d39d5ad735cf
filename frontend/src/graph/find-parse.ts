/** The find language's grammar, word for word that of meshui/domain/graph/find.py (one table of cases tests both). */
import {
  type AttributeKind,
  FLAGS,
  fits,
  fold,
  hasFlag,
  type Index,
  KINDS,
  OPERATORS,
  ORDER,
  TEXT_OPERATORS,
  valuesOf,
} from "./find-attributes";
import type { GraphEdge, GraphNode } from "./model";
import { closest } from "./spelling";

/** Whether an expression is true of an element. */
export type Expression = (element: GraphNode | GraphEdge, index: Index) => boolean;

export interface Token {
  kind: "mark" | "operator" | "text" | "word" | "end";
  text: string;
  position: number;
  length: number;
}

/** What is wrong with an expression, and where. */
export class FindError extends Error {
  constructor(
    message: string,
    readonly position: number,
    readonly length: number,
  ) {
    super(message);
  }
}

const MOST_CHARACTERS = 2000;
const DEEPEST = 50;
/** As Python's `isspace`. */
const SPACE = "(?:[^\\S\\ufeff]|[\\x1c-\\x1f\\x85])";
const SPACES = new RegExp(`${SPACE}*`, "y");
const TOKEN = new RegExp(`([()])|([!<>]=|[=<>])|"((?:[^"\\\\]|\\\\[^])*)"|((?:(?!${SPACE})[^()"=!<>])+)`, "y");
const NUMBER = /^([+-]?[0-9]+(?:\.[0-9]+)?)(%|ms|s)?$/i;
const EXPONENTS: Record<Exclude<AttributeKind, "text">, Record<string, string>> = {
  rate: { "": "" },
  share: { "": "e-2", "%": "e-2" },
  duration: { "": "", ms: "", s: "e3" },
  code: { "": "" },
};
const WANTED = {
  text: "",
  rate: "a number, such as 10",
  share: "a share, such as 5%",
  duration: "a duration, such as 200ms or 1.5s",
  code: "a number, such as 503",
};

/** The words and marks of a text, an `end` last. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let position = 0;
  for (;;) {
    SPACES.lastIndex = position;
    position += SPACES.exec(text)?.[0].length ?? 0;
    if (position >= text.length) return [...found, { kind: "end", text: "", position: text.length, length: 0 }];
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match) {
      if (text[position] === '"') throw new FindError("This quote is never closed.", position, text.length - position);
      throw new FindError('An expression has no "!" on its own; write != or not.', position, 1);
    }
    const [whole, mark, operator, quoted, word] = match;
    const kind = mark ? "mark" : operator ? "operator" : quoted !== undefined ? "text" : "word";
    const said = quoted !== undefined ? quoted.replace(/\\(.)/gs, "$1") : (mark ?? operator ?? word ?? "");
    found.push({ kind, text: said, position, length: whole.length });
    position += whole.length;
  }
}

/** The expression that the text says; FindError when it says none. */
export function parse(text: string): Expression {
  if (text.length > MOST_CHARACTERS) {
    const most = MOST_CHARACTERS.toLocaleString("en");
    throw new FindError(
      `An expression has at most ${most} characters.`,
      MOST_CHARACTERS,
      text.length - MOST_CHARACTERS,
    );
  }
  return new Parser(tokens(text)).whole();
}

function says(token: Token, ...words: readonly string[]): boolean {
  return token.kind !== "text" && words.includes(token.text.toLowerCase());
}

function shown(token: Token): string {
  return `"${token.text.length <= 40 ? token.text : `${token.text.slice(0, 39)}…`}"`;
}

function wrong(token: Token, message: string): FindError {
  return new FindError(message, token.position, token.length);
}

/** Reads by recursive descent: one method a level of the grammar. */
class Parser {
  private place = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    if (this.next.kind === "end") throw wrong(this.next, "Write an expression, such as errors > 5%.");
    const expression = this.anyOf();
    const rest = this.next;
    if (says(rest, ")")) throw wrong(rest, "This parenthesis closes none.");
    if (rest.kind !== "end") throw wrong(rest, `Write and or or before ${shown(rest)}.`);
    return expression;
  }

  private get next(): Token {
    return this.tokens[this.place] as Token;
  }

  private take(): Token {
    const token = this.next;
    this.place = Math.min(this.place + 1, this.tokens.length - 1);
    return token;
  }

  private anyOf(): Expression {
    const parts = [this.allOf()];
    while (says(this.next, "or")) {
      this.take();
      parts.push(this.allOf());
    }
    return (element, index) => parts.some((part) => part(element, index));
  }

  private allOf(): Expression {
    const parts = [this.term()];
    while (says(this.next, "and")) {
      this.take();
      parts.push(this.term());
    }
    return (element, index) => parts.every((part) => part(element, index));
  }

  private term(): Expression {
    if (says(this.next, "not")) {
      const part = this.nested(() => this.term());
      return (element, index) => !part(element, index);
    }
    if (!says(this.next, "(")) return this.comparison();
    const opening = this.next;
    const expression = this.nested(() => this.anyOf());
    if (this.next.kind === "end") throw wrong(opening, "This parenthesis is never closed.");
    if (!says(this.next, ")"))
      throw wrong(this.next, `Write and, or or a closing parenthesis before ${shown(this.next)}.`);
    this.take();
    return expression;
  }

  /** What follows a `not` or an opening parenthesis, one level deeper. */
  private nested(read: () => Expression): Expression {
    const opening = this.take();
    this.depth += 1;
    if (this.depth > DEEPEST) throw wrong(opening, `An expression nests at most ${DEEPEST} levels deep.`);
    const expression = read();
    this.depth -= 1;
    return expression;
  }

  private comparison(): Expression {
    const token = this.take();
    if (token.kind === "end") throw wrong(token, "Here the expression ends, where an attribute should follow.");
    if (token.kind !== "word" || says(token, "and", "or"))
      throw wrong(token, `Here should be an attribute, not ${shown(token)}.`);
    const name = token.text.toLowerCase();
    const compared = says(this.next, ...OPERATORS);
    if (FLAGS.includes(name)) {
      if (compared) throw wrong(this.next, `${name} stands alone: it is compared with nothing.`);
      return (element) => hasFlag(element, name);
    }
    const kind = KINDS.get(name);
    if (!kind) throw wrong(token, unknown(token));
    if (!compared) throw wrong(this.next, `Write an operator after ${name}, one of ${OPERATORS.join(" ")}.`);
    const how = this.take();
    const value = this.take();
    if ((value.kind !== "word" && value.kind !== "text") || says(value, "and", "or", "not"))
      throw wrong(value, `Write a value after ${how.text}; a word such as and is a value in quotes.`);
    return comparison(name, kind, how, value);
  }
}

function unknown(token: Token): string {
  const all = [...KINDS.keys(), ...FLAGS];
  const near = closest(token.text.toLowerCase(), all);
  return `There is no attribute ${shown(token)}; ${near ? `did you mean ${near}?` : `there are ${all.join(", ")}.`}`;
}

/** The comparison, with the value in the attribute's own unit. */
function comparison(name: string, kind: AttributeKind, how: Token, value: Token): Expression {
  const by = how.text.toLowerCase();
  const textual = (TEXT_OPERATORS as readonly string[]).includes(by);
  if (kind === "text" && (ORDER as readonly string[]).includes(by))
    throw wrong(how, `${name} is a text: it is compared with =, !=, contains, startswith or endswith.`);
  if (kind !== "text" && kind !== "code" && textual)
    throw wrong(how, `${name} is a number: it is compared with =, !=, >, >=, < or <=.`);
  if (kind === "text" || textual) return compares(name, by, fold(value.text));
  const number = value.kind === "word" || kind === "code" ? NUMBER.exec(value.text) : null;
  const exponent = number ? EXPONENTS[kind][(number[2] ?? "").toLowerCase()] : undefined;
  if (!number || exponent === undefined)
    throw wrong(value, `${name} is compared with ${WANTED[kind]}, not ${shown(value)}.`);
  return compares(name, by, Number(`${number[1]}${exponent}`));
}

function compares(name: string, by: string, wanted: string | number): Expression {
  return (element, index) => {
    const values = valuesOf(element, name, index);
    if (!values) return false;
    if (by === "!=") return !values.some((value) => fits(value, "=", wanted));
    return values.some((value) => fits(value, by, wanted));
  };
}
