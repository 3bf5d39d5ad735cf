/** The steps that a text such as `20, 50, 100` names; a sentence where it names none that can be followed. */
export function readSteps(text: string, above: number, most: number): { steps: number[]; problem: string | null } {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const steps = parts.map(Number);
  if (steps.length === 0) return { steps, problem: "Give at least one step." };
  if (steps.some((step) => !Number.isInteger(step))) return { steps, problem: "Steps are whole numbers of percent." };
  if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] as number)))
    return { steps, problem: "Each step must be above the one before." };
  if ((steps[0] as number) <= above)
    return { steps, problem: `The first step must be above ${above}, the weight of now.` };
  if ((steps.at(-1) as number) > most) return { steps, problem: `No step can be above ${most}.` };
  return { steps, problem: null };
}

const STAGES = [1, 5, 10, 25, 50, 75, 100];

/** Steps that most people would take from a weight to all of it. */
export function usualSteps(above: number, most: number): number[] {
  const between = STAGES.filter((stage) => stage > above && stage < most);
  return [...between.slice(-3), most];
}

/** How long the whole shift takes when every step passes at once. */
export function shortestSeconds(steps: number[], pauseSeconds: number): number {
  return steps.length * pauseSeconds;
}
