import { Button } from "@mantine/core";
import { Route } from "lucide-react";
import { Link } from "react-router";
import { useClusterLink } from "../../state/cluster";

/** Offers to explain: an edge of the graph, or a question (its parameters). */
export function ExplainLink({
  params,
  children = "Explain this request",
  size = "xs",
}: {
  params: Record<string, string>;
  children?: string;
  size?: "xs" | "sm";
}) {
  const link = useClusterLink();
  return (
    <Button
      component={Link}
      variant="default"
      size={size}
      leftSection={<Route size={14} />}
      to={link("/explain", params)}
    >
      {children}
    </Button>
  );
}
