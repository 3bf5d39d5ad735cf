import { useSearchParams } from "react-router";

/** A list's filter, kept in the link: free text, and a namespace. */
export function useListFilter() {
  const [params, setParams] = useSearchParams();
  const put = (name: string, value: string | null) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return {
    search: params.get("search") ?? "",
    namespace: params.get("namespace"),
    kind: params.get("kind"),
    setSearch: (text: string) => put("search", text),
    setNamespace: (name: string | null) => put("namespace", name),
    setKind: (name: string | null) => put("kind", name),
  };
}

/** Whether every word is somewhere in the text. */
export function matchesWords(text: string, search: string): boolean {
  const haystack = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
