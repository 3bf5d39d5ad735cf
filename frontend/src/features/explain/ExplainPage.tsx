import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "react-router";
import { ApiError } from "../../api/client";
import { Notice } from "../../components/Notice";
import { Answer, Page } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen, LoadingScreen } from "../../components/screens";
import { useCluster } from "../../state/cluster";
import { ExplainForm } from "./ExplainForm";
import { Explanation } from "./Explanation";
import classes from "./explain.module.css";
import { type Asked, explanationQuery, suggestionQuery } from "./queries";
import { askedOf, askedParams, changeOf } from "./url";

const QUESTION = ["from", "host", "port", "method", "path", "headers", "protocol", "edge"];

/** What happens to a request, from the proxies' own configuration. The question is in the link. */
export function ExplainPage() {
  const cluster = useCluster()?.name ?? "";
  const [params, setParams] = useSearchParams();
  const edge = params.get("edge") ?? "";
  const asked = askedOf(params);
  const change = changeOf(params);
  const suggestion = useQuery({ ...suggestionQuery(cluster, edge), enabled: cluster !== "" && edge !== "" && !asked });
  const query = useQuery(explanationQuery(cluster, asked, change));

  const ask = (question: Asked, replace = false) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        const kept = replace ? next.get("edge") : null;
        for (const name of QUESTION) next.delete(name);
        for (const [name, value] of Object.entries(askedParams(question))) next.set(name, value);
        if (kept) next.set("edge", kept);
        return next;
      },
      { replace },
    );
  const found = suggestion.data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each suggestion
  useEffect(() => {
    if (!found) return;
    const { source, question } = found;
    const headers = Object.entries(question.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
    ask({ ...question, ...source, headers }, true);
  }, [found]);

  const problems = query.error instanceof ApiError ? query.error.fields : {};
  const known = useQuery({ ...suggestionQuery(cluster, edge), enabled: false }).data;
  return (
    <Page title="Explain a request">
      <div className={classes.layout}>
        <ExplainForm
          key={asked ? JSON.stringify(asked) : "empty"}
          asked={asked}
          onAsk={(question) => ask(question)}
          problems={problems}
        />
        <div className={classes.answer}>
          {suggestion.isError && <ProblemAlert error={suggestion.error} title="No request is known for this edge" />}
          {edge && !asked && suggestion.isPending && <LoadingScreen what="a request that takes this edge" />}
          {known?.why && (
            <Notice tone="plain" title="A request for this edge">
              {known.why}
            </Notice>
          )}
          {asked ? (
            <Answer query={query} what="the explanation">
              {(answer) =>
                answer.after ? (
                  <div className={classes.both}>
                    <Explanation explanation={answer.now} title="Now" highlight={known?.destination} />
                    <Explanation explanation={answer.after} title="With the change" highlight={known?.destination} />
                  </div>
                ) : (
                  <>
                    {answer.after_note && (
                      <Notice tone="plain" title="The change">
                        {answer.after_note}
                      </Notice>
                    )}
                    <Explanation explanation={answer.now} title="Now" highlight={known?.destination} />
                  </>
                )
              }
            </Answer>
          ) : (
            !edge && (
              <EmptyScreen title="Ask what happens to a request">
                Choose who sends it and where to. The answer comes from the proxies themselves: listener, route,
                cluster, endpoints, TLS, and what the called side's policies say, each with the object that made it.
              </EmptyScreen>
            )
          )}
        </div>
      </div>
    </Page>
  );
}
