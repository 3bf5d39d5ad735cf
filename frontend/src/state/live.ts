import { applyDelta } from "../graph/delta";
import { type GraphDelta, type GraphView, specKey, type ViewSpec } from "../graph/model";
import { createStore, type Store } from "../lib/store";

/** What a failed subscription says: the API's one error shape. */
export interface Problem {
  code: string;
  message: string;
  next_step?: string;
}

type Incoming =
  | { type: "snapshot"; id: string; view: GraphView }
  | { type: "delta"; id: string; delta: GraphDelta }
  | { type: "error"; id?: string; error: Problem }
  | { type: "change" }
  | { type: "pong" };

export interface LiveState {
  /** `connecting` at first; `reconnecting` after a loss or when it won't open; `signed_out` when refused. */
  connection: "connecting" | "open" | "reconnecting" | "signed_out";
  /** What the page draws. */
  shown: GraphView | null;
  /** Which view that is: `specKey` of what was subscribed. */
  shownKey: string | null;
  /** Updates received but not drawn, because of pause or a slower refresh. */
  pending: number;
  paused: boolean;
  /** A newly chosen view has not arrived yet; `shown` is still the one before. */
  switching: boolean;
  /** When the last message came (ms since epoch). */
  heardAt: number | null;
  problem: Problem | null;
}

/** How often received updates are drawn: at once, every n seconds, or only when asked. */
export type Refresh = "live" | "manual" | number;

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send: (text: string) => void;
  close: () => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const PING_MS = 15_000;
/** Silence after which a connection that claims to be open is given up. */
const SILENCE_MS = 40_000;
/** Close codes by which the server says that nobody is signed in. */
const REFUSED = new Set([4401, 4403, 3000]);

interface Subscription {
  id: string;
  key: string;
  cluster: string;
  window: number;
  view: ViewSpec;
}

/** One socket, one subscribed view: keeps it whole (a gap asks for a snapshot), alive (backoff, heartbeat) and calm
 * (pause, refresh). Knows no React. */
export class LiveGraph {
  readonly state: Store<LiveState> = createStore<LiveState>({
    connection: "connecting",
    shown: null,
    shownKey: null,
    pending: 0,
    paused: false,
    switching: false,
    heardAt: null,
    problem: null,
  });
  onChange: (() => void) | null = null;

  private socket: Socket | null = null;
  private open = false;
  private wanted: Subscription | null = null;
  private latest: GraphView | null = null;
  private resyncing = false;
  private refresh: Refresh = "live";
  private attempts = 0;
  private count = 0;
  private started = false;
  private unpacked: Promise<void> = Promise.resolve();
  private retry: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setInterval> | undefined;
  private ticker: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly connect: () => Socket) {}

  start(): void {
    if (this.started) return;
    this.started = true;
    this.dial();
    this.ping = setInterval(() => this.heartbeat(), PING_MS);
  }

  stop(): void {
    this.started = false;
    clearTimeout(this.retry);
    clearInterval(this.ping);
    clearInterval(this.ticker);
    this.drop();
  }

  watch(cluster: string, window: number, view: ViewSpec): void {
    const key = specKey(cluster, window, view);
    if (this.wanted?.key === key) return;
    if (this.wanted) this.send({ type: "unsubscribe", id: this.wanted.id });
    this.count += 1;
    this.wanted = { id: `s${this.count}`, key, cluster, window, view };
    this.latest = null;
    this.patch({ switching: true, pending: 0, problem: null });
    this.subscribe();
  }

  /** Nothing is watched: the page shows the past. What was shown last stays until something is watched again. */
  rest(): void {
    if (!this.wanted) return;
    this.send({ type: "unsubscribe", id: this.wanted.id });
    this.wanted = null;
    this.latest = null;
    this.patch({ pending: 0, switching: false, problem: null });
  }

  /** Asks for the same view once more, after a failure. */
  watchAgain(): void {
    this.patch({ problem: null });
    if (this.open) this.subscribe();
    else this.reconnect();
  }

  pause(): void {
    this.patch({ paused: true });
  }

  resume(): void {
    this.patch({ paused: false });
    this.draw();
  }

  setRefresh(refresh: Refresh): void {
    this.refresh = refresh;
    clearInterval(this.ticker);
    if (typeof refresh === "number") this.ticker = setInterval(() => this.drawUnlessPaused(), refresh * 1000);
    if (refresh !== "manual") this.drawUnlessPaused();
  }

  /** Draws what has been received since: the refresh button. */
  draw(): void {
    if (this.latest)
      this.patch({ shown: this.latest, shownKey: this.wanted?.key ?? null, pending: 0, switching: false });
  }

  /** Dials now instead of at the next retry (the network came back, or somebody pressed the button). */
  reconnect(): void {
    if (!this.started || this.open) return;
    this.attempts = 0;
    clearTimeout(this.retry);
    this.drop();
    this.dial();
  }

  private drawUnlessPaused(): void {
    if (!this.state.get().paused) this.draw();
  }

  private dial(): void {
    const socket = this.connect();
    this.socket = socket;
    socket.onopen = () => {
      this.open = true;
      this.attempts = 0;
      this.patch({ connection: "open", heardAt: Date.now() });
      this.subscribe();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.receive(JSON.parse(data) as Incoming);
      else this.unpack(socket, data);
    };
    socket.onclose = (event) => this.closed(event.code);
  }

  /** Inflates one after the other, so that messages stay in order. */
  private unpack(socket: Socket, data: ArrayBuffer): void {
    this.unpacked = this.unpacked
      .then(() => inflated(data))
      .then((text) => {
        if (this.socket === socket) this.receive(JSON.parse(text) as Incoming);
      })
      .catch(() => {
        if (this.socket === socket && this.wanted) this.send({ type: "resync", id: this.wanted.id });
      });
  }

  private drop(): void {
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
    this.open = false;
  }

  private closed(code: number): void {
    this.socket = null;
    this.open = false;
    if (!this.started) return;
    if (REFUSED.has(code)) {
      this.patch({ connection: "signed_out" });
      return;
    }
    const hopeful = !this.state.get().heardAt && this.attempts < 2;
    this.patch({ connection: hopeful ? "connecting" : "reconnecting" });
    const delay = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.retry = setTimeout(() => this.dial(), delay * (0.75 + Math.random() * 0.5));
  }

  private heartbeat(): void {
    if (!this.open) return;
    const heardAt = this.state.get().heardAt ?? 0;
    if (Date.now() - heardAt > SILENCE_MS) {
      this.drop();
      this.closed(1006);
    } else {
      this.send({ type: "ping" });
    }
  }

  private subscribe(): void {
    if (!this.wanted) return;
    const { id, cluster, window, view } = this.wanted;
    this.resyncing = false;
    this.send({ type: "subscribe", id, cluster, window, view, compress: canInflate });
  }

  private receive(message: Incoming): void {
    this.patch({ heardAt: Date.now() });
    if (message.type === "change") {
      this.onChange?.();
    } else if (message.type === "error") {
      if (!message.id || message.id === this.wanted?.id) this.patch({ problem: message.error });
    } else if (message.type === "snapshot" && message.id === this.wanted?.id) {
      this.resyncing = false;
      this.accept(message.view);
    } else if (message.type === "delta" && message.id === this.wanted?.id) {
      const next = this.latest && applyDelta(this.latest, message.delta);
      if (next) this.accept(next);
      else this.resync(message.delta);
    }
  }

  /** A gap: asks once, then ignores deltas until the snapshot is there. One that is older than what we have is no gap. */
  private resync(delta: GraphDelta): void {
    if (this.resyncing || !this.wanted) return;
    if (this.latest && delta.version <= this.latest.version) return;
    this.resyncing = true;
    this.send({ type: "resync", id: this.wanted.id });
  }

  private accept(view: GraphView): void {
    this.latest = view;
    const { paused, switching, shown, pending } = this.state.get();
    const first = switching || !shown;
    if (first || (!paused && this.refresh === "live")) {
      this.patch({ shown: view, shownKey: this.wanted?.key ?? null, pending: 0, switching: false, problem: null });
    } else {
      this.patch({ pending: pending + 1, problem: null });
    }
  }

  private send(message: object): void {
    if (this.open) this.socket?.send(JSON.stringify(message));
  }

  private patch(part: Partial<LiveState>): void {
    this.state.set({ ...this.state.get(), ...part });
  }
}

export function openMeshSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/v1/mesh`);
  socket.binaryType = "arraybuffer";
  return socket as unknown as Socket;
}

const canInflate = typeof DecompressionStream !== "undefined";

function inflated(data: ArrayBuffer): Promise<string> {
  const stream = new Response(data).body?.pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}
