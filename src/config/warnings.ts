import type * as z from 'zod';
import { metricNames } from '../core/metric-names.ts';
import { reason } from '../core/reason.ts';
import type { ConfigMessage } from './message.ts';
import type { Config, file } from './schema.ts';
import type { Source } from './source.ts';

/** What is allowed, but probably not what the operator wants. `config`: what became of `value`. */
export function findWarnings(value: z.output<typeof file>, config: Config, source: Source): readonly ConfigMessage[] {
  const warnings: ConfigMessage[] = [];
  if (config.telegram.alert_chat === null && config.admins.every(({ tier }) => tier === 'next'))
    warnings.push(source.message(['admins'], reason('config-nobody-first'), 'key'));
  const services = Object.entries(value.services);
  if (!services.some(([, { enabled }]) => enabled)) {
    warnings.push(source.message(['services'], reason('config-nothing-enabled'), 'key'));
  }
  for (const [name, service] of services) {
    if (!service.enabled) continue;
    const path = ['services', name];
    if (service.driver === 'tmux' && service.command === null) {
      warnings.push(source.message(path, reason('config-tmux-without-command'), 'key'));
    }
    service.metrics.forEach((metric, index) => {
      if (metric.from !== 'sql-count' || metric.url !== null || config.shop.database_url !== null) return;
      warnings.push(source.message([...path, 'metrics', index], reason('config-metric-no-database'), 'key'));
    });
    const numbers = service.alerts.length === 0 ? [] : numbersOf(service);
    service.alerts.forEach(({ metric }, index) => {
      if (numbers.includes(metric.split(':')[0] ?? '')) return;
      const args = { options: numbers.join(', ') };
      warnings.push(source.message([...path, 'alerts', index, 'metric'], reason('config-rule-no-number', args)));
    });
    service.depends_on.forEach((other, index) => {
      if (value.services[other]?.enabled !== false) return;
      warnings.push(source.message([...path, 'depends_on', index], reason('config-depends-on-disabled', { other })));
    });
  }
  return warnings;
}

/** What its checks can give; whatever has a process is asked about that, too. */
function numbersOf(service: z.output<typeof file>['services'][string]): readonly string[] {
  const kinds = [...(service.driver === 'external' ? [] : ['process']), ...service.checks.map(({ type }) => type)];
  const own = service.metrics.map(({ name }) => name);
  return [...new Set([...kinds.flatMap((kind) => metricNames[kind] ?? []), ...own])];
}
