import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useParams } from "react-router";
import { useUndo } from "../../api/mutations";
import { changeQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Facts, Page, PageLink } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { YamlDiff } from "../../components/Yaml";
import { formatMoment } from "../../lib/format";
import { RolloutNote } from "../proxies/RolloutNote";
import { ChangeState, changeTitle } from "./ChangeLine";

export function ChangePage() {
  const { id = "" } = useParams();
  const query = useQuery(changeQuery(id));
  const undo = useUndo();
  const canEdit = useCanEdit();
  const change = query.data?.change;
  return (
    <Page
      title={change ? changeTitle(change) : `Change #${id}`}
      crumbs={[{ label: "Changes", to: "/changes" }]}
      actions={
        canEdit &&
        change?.can_undo && (
          <Button
            leftSection={<Undo2 size={14} />}
            loading={undo.isPending}
            onClick={() => undo.mutate({ id: change.id })}
          >
            Undo
          </Button>
        )
      }
    >
      {undo.isError && <ProblemAlert title="It couldn't be undone" error={undo.error} />}
      {undo.isSuccess && (
        <Notice tone="good" title="Undone" role="status">
          The object is as it was before. This is recorded as{" "}
          <PageLink to={`/changes/${undo.data.change_id}`}>change #{undo.data.change_id}</PageLink>.
        </Notice>
      )}
      <Answer query={query} what="the change">
        {(detail) => (
          <>
            <Card>
              <Facts
                rows={[
                  ["Outcome", <ChangeState key="state" change={detail.change} />],
                  ["Object", detail.change.object && <ObjectLink object={detail.change.object} />],
                  ["By", `${detail.change.author}, ${formatMoment(detail.change.created_at)}`],
                  ["Reason", detail.change.reason],
                  ["Why not", detail.change.failure],
                  [
                    "Undoes",
                    detail.change.undoes && (
                      <PageLink to={`/changes/${detail.change.undoes}`}>change #{detail.change.undoes}</PageLink>
                    ),
                  ],
                  [
                    "Until",
                    detail.change.expires_at &&
                      !detail.change.undone &&
                      `${formatMoment(detail.change.expires_at)}, then it is taken back by itself`,
                  ],
                  ["Dry run", detail.dry_run_message],
                ]}
              />
            </Card>
            {detail.change.state === "applied" && detail.change.object && <RolloutNote object={detail.change.object} />}
            {detail.sentences.length > 0 && (
              <Card title="What it did">
                {detail.sentences.map((sentence) => (
                  <div key={sentence}>{sentence}</div>
                ))}
              </Card>
            )}
            {detail.diff_yaml && <YamlDiff diff={detail.diff_yaml} label="Difference between before and after" />}
          </>
        )}
      </Answer>
    </Page>
  );
}
