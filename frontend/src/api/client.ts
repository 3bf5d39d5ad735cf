/** The one way to the server: JSON in, JSON out, and the API's one error shape as an exception. */

export interface ErrorBody {
  code: string;
  message: string;
  next_step: string;
  context: Record<string, unknown>;
  fields: Record<string, string>;
}

export class ApiError extends Error {
  readonly code: string;
  readonly nextStep: string;
  readonly context: Record<string, unknown>;
  readonly fields: Record<string, string>;
  /** The whole answer: some problems say more (a conflict: how it is now). */
  readonly body: unknown;

  constructor(
    readonly status: number,
    body: Partial<ErrorBody>,
  ) {
    super(body.message ?? "The server answered in a way that MeshUI doesn't understand.");
    this.code = body.code ?? "internal";
    this.nextStep = body.next_step ?? "";
    this.context = body.context ?? {};
    this.fields = body.fields ?? {};
    this.body = body;
  }
}

/** Called when the server says that nobody is signed in (any more). */
let onSignedOut: () => void = () => {};
let csrfToken = "";

export function configureClient(options: { onSignedOut?: () => void; csrfToken?: string }): void {
  if (options.onSignedOut) onSignedOut = options.onSignedOut;
  if (options.csrfToken !== undefined) csrfToken = options.csrfToken;
}

async function readError(response: Response): Promise<ApiError> {
  const fallback =
    response.status >= 502 && response.status <= 504
      ? {
          code: "unreachable",
          message: "The server doesn't answer.",
          next_step: "It may be restarting: try again in a moment.",
        }
      : {};
  try {
    return new ApiError(response.status, { ...fallback, ...((await response.json()) as Partial<ErrorBody>) });
  } catch {
    return new ApiError(response.status, fallback);
  }
}

export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrfToken) headers["X-CSRFToken"] = csrfToken;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, {
      code: "unreachable",
      message: "The server can't be reached.",
      next_step: "Check the network, or whether MeshUI is running; it is tried again by itself.",
    });
  }
  if (!response.ok) {
    const error = await readError(response);
    if (response.status === 401 && path !== "/session") onSignedOut();
    throw error;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** `/a/b?x=1` with every part escaped; parameters without a value are left out. */
export function path(
  parts: string[],
  params: Record<string, string | number | boolean | null | undefined> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return `/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}
