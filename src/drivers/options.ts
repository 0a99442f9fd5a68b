/** What a driver that starts programs itself needs to know of one service. Times in ms, paths absolute or below `cwd`. */
export interface LaunchOptions {
  readonly name: string;
  /** Program and arguments, no shell in between. null: the driver can only take over what is already there. */
  readonly command: readonly string[] | null;
  readonly cwd: string;
  /** The service's own variables; they win over `env_file`. */
  readonly env: Readonly<Record<string, string>>;
  /** Read anew at each start, in the format of Node's `parseEnv`. */
  readonly env_file: string | null;
  /** Standard output and error are appended here; null: `output.log` in `run_dir`. */
  readonly log_file: string | null;
  readonly stop_signal: NodeJS.Signals;
  readonly stop_timeout: number;
  /** Private folder of this service inside the data folder; made with mode 0700 when missing. */
  readonly run_dir: string;
  /** Epoch ms. */
  readonly clock: () => number;
}
