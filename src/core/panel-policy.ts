/** The numbers that panel health goes by, all in ms unless said. Defaults are the rules measured on a real panel. */
export interface PanelPolicy {
  /** A fault has to be seen by two polls at least so far apart: one lost poll is nothing. */
  readonly confirm: number;
  /** A node that is "connecting" for longer does not connect any more. */
  readonly connecting: number;
  /** From here on, with the node reachable, only a restart of the panel's container is known to help. */
  readonly hopeless: number;
  /** A node is back when it was connected for so long: xray that cannot start shows 3 s of hope each 20 s. */
  readonly recovered: number;
  readonly flapWindow: number;
  /** So many crossings between connected and not, inside `flapWindow`, are flapping. A count. */
  readonly flapCrossings: number;
  /** Slower comings and goings: so many crossings inside `slowWindow` are flapping too. */
  readonly slowWindow: number;
  readonly slowCrossings: number;
  /** What flapped is calm when nothing changed for so long. */
  readonly calm: number;
  /** Polls further apart than this prove nothing about the time between. */
  readonly gap: number;
  /** Only refusals for being asked too often: blind after so long. */
  readonly limited: number;
  /** The rest answers and the node list does not: blind after so long. */
  readonly blind: number;
  /** Traffic total frozen for so long with {@link recorderUsers} online or more. */
  readonly recorder: number;
  /** With fewer users online a silent half hour can be true. A count. */
  readonly recorderUsers: number;
  /** With ten times as many users a third of the wait proves as much. */
  readonly recorderBusy: number;
}

export const panelPolicy: PanelPolicy = {
  confirm: 15_000,
  connecting: 60_000,
  hopeless: 120_000,
  recovered: 30_000,
  flapWindow: 300_000,
  flapCrossings: 3,
  slowWindow: 3_600_000,
  slowCrossings: 7,
  calm: 600_000,
  gap: 120_000,
  limited: 300_000,
  blind: 120_000,
  recorder: 1_800_000,
  recorderUsers: 10,
  recorderBusy: 600_000,
};
