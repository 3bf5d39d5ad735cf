import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useSearchParams } from "react-router";
import { Answer } from "../../components/Page";
import { YamlView } from "../../components/Yaml";
import classes from "./proxies.module.css";
import { type ProxyName, rawQuery, rawUrl } from "./queries";

const SECTIONS = [
  { value: "bootstrap", label: "Bootstrap" },
  { value: "listeners", label: "Listeners" },
  { value: "routes", label: "Routes" },
  { value: "clusters", label: "Clusters" },
  { value: "endpoints", label: "Endpoints (EDS)" },
  { value: "clusters_now", label: "Clusters' state now" },
  { value: "secrets", label: "Secrets" },
  { value: "certs", label: "Certificates in use" },
  { value: "server_info", label: "Server info" },
  { value: "stats", label: "Statistics" },
  { value: "config_dump", label: "Whole config dump" },
];
const LONGEST = 400_000;

/** A part of the configuration as the proxy gives it. */
export function Raw({ name }: { name: ProxyName }) {
  const [params, setParams] = useSearchParams();
  const section = params.get("section") ?? "bootstrap";
  const resource = params.get("resource") ?? "";
  const query = useQuery(rawQuery(name, section, resource));
  return (
    <>
      <div className={classes.bar}>
        <Select
          aria-label="Section"
          w={220}
          allowDeselect={false}
          data={SECTIONS}
          value={section}
          onChange={(value) =>
            setParams(
              (current) => {
                const next = new URLSearchParams(current);
                next.delete("resource");
                next.set("section", value ?? "bootstrap");
                return next;
              },
              { replace: true },
            )
          }
        />
        <a className={classes.download} href={rawUrl(name, section, resource)} download>
          <Download size={13} aria-hidden /> Download
        </a>
      </div>
      <Answer query={query} what="the configuration">
        {({ content }) => {
          const text = JSON.stringify(content, null, 2);
          return (
            <>
              {text.length > LONGEST && (
                <p className="dim">The first {Math.round(LONGEST / 1000)} kB are shown; the download has all of it.</p>
              )}
              <YamlView text={text.slice(0, LONGEST)} label="JSON" maxHeight="70vh" />
            </>
          );
        }}
      </Answer>
    </>
  );
}
