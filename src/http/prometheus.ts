import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Health, Metric } from '../core/health.ts';
import type { History } from '../core/history.ts';
import { levels } from '../core/incident.ts';
import type { Snapshot } from '../core/snapshot.ts';

const healths: readonly Health[] = ['healthy', 'degraded', 'unhealthy', 'unknown'];

/** The numbers of a panel, or of one of its nodes. */
export interface PanelNumbers {
  readonly panel: string;
  /** Null: the panel itself. */
  readonly nodeName: string | null;
  readonly metrics: readonly Metric[];
}

/** What Prometheus is told: the state of everything, the last number of every check, and how the manager fares. */
export function createExposition(
  snapshot: () => Snapshot,
  panelNumbers: () => readonly PanelNumbers[],
  history: Pick<History, 'bytes'>,
) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'orbit_manager_' });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `orbit_${name}`, help, labelNames, registers: [registry] });

  const info = gauge('manager_info', 'The version that runs; always 1', 'version', 'host');
  const up = gauge('service_up', '1: the service runs', 'service');
  const health = gauge('service_health', '1: the health the service is in', 'service', 'health');
  const started = gauge('service_start_time_seconds', 'When the present run began', 'service');
  const restarts = gauge('service_restarts', 'Restarts by the manager since an operator started it', 'service');
  const check = gauge('check_health', '1: the health the check is in', 'service', 'check', 'health');
  const metric = gauge('check_metric', 'The last number of a check', 'service', 'check', 'metric', 'unit');
  const panelMetric = gauge(
    'panel_metric',
    'The last number of a panel or of a node',
    'panel',
    'node',
    'metric',
    'unit',
  );
  const incidents = gauge('incidents_open', 'Open incidents by level', 'level');
  const waiting = gauge('alerts_waiting', 'Messages that wait to be delivered');
  const polling = gauge('telegram_polling', '1: the bot hears Telegram');
  const bytes = gauge('data_bytes', 'What the data file takes');

  function read(): void {
    registry.resetMetrics();
    const { version, host, services, incidents: open, telegram } = snapshot();
    info.set({ version, host }, 1);
    for (const service of services) {
      const { name } = service;
      up.set({ service: name }, service.state === 'running' ? 1 : 0);
      for (const each of healths) health.set({ service: name, health: each }, each === service.health ? 1 : 0);
      if (service.startedAt !== null) started.set({ service: name }, service.startedAt / 1000);
      restarts.set({ service: name }, service.restarts);
      for (const { id, health: found, metrics } of service.checks) {
        for (const each of healths) check.set({ service: name, check: id, health: each }, each === found ? 1 : 0);
        for (const { name: number, unit, value } of metrics)
          metric.set({ service: name, check: id, metric: number, unit }, value);
      }
    }
    for (const { panel, nodeName, metrics } of panelNumbers())
      for (const { name: number, unit, value } of metrics)
        panelMetric.set({ panel, node: nodeName ?? '', metric: number, unit }, value);
    for (const level of levels) incidents.set({ level }, open.filter((each) => each.level === level).length);
    waiting.set(telegram.waiting);
    polling.set(telegram.state === 'polling' ? 1 : 0);
    bytes.set(history.bytes());
  }

  return {
    type: registry.contentType,
    text(): Promise<string> {
      read();
      return registry.metrics();
    },
  };
}
