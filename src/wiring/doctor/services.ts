import { join } from 'node:path';
import { createPostgresCheck } from '../../checks/postgres.ts';
import { createRedisCheck } from '../../checks/redis.ts';
import type { Config, ServiceConfig } from '../../config/schema.ts';
import type { Finding } from '../../core/finding.ts';
import type { CheckResult } from '../../core/health.ts';
import type { Reason } from '../../core/reason.ts';
import { preflight } from '../../drivers/preflight.ts';
import { createDriver } from '../../drivers/registry.ts';
import { findings } from './findings.ts';

const WITHIN = 8_000;

/** Whether what a service is started with is there, and whoever keeps it (tmux, systemd, Docker) answers. */
export async function examineService(
  service: ServiceConfig,
  dataDir: string,
  now: number,
): Promise<readonly Finding[]> {
  if (service.driver === 'external') return [];
  const { ok, because } = findings('services', service.title);
  const problems: Reason[] = [];
  if (service.driver === 'process' || service.driver === 'tmux') {
    const { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout } = service;
    if (command !== null) {
      const options = { name, command, cwd, env, env_file, log_file, stop_signal, stop_timeout };
      const ready = await preflight({ ...options, run_dir: join(dataDir, 'run', name), clock: () => now }, log_file);
      if (!ready.ok) problems.push(ready.reason);
    }
  }
  if (service.driver !== 'process') {
    const driver = await createDriver(
      service,
      dataDir,
      () => now,
      () => true,
    );
    try {
      const seen = await within(driver.inspect(), { state: 'unknown', reason: { code: 'doctor-no-answer' } } as const);
      if (seen.state === 'unknown') problems.push(seen.reason);
    } finally {
      await driver.close();
    }
  }
  if (problems.length === 0) return [ok('service', { driver: service.driver })];
  return problems.map((problem) => because('wrong', problem));
}

/** Whether Redis and PostgreSQL answer the manager's user, and which rights it lacks. */
export async function examineStores(
  { services, shop, monitoring }: Pick<Config, 'services' | 'shop' | 'monitoring'>,
  now: number,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const context = () => ({ pid: null, now, signal: AbortSignal.timeout(WITHIN) });
  const judge = ({ verdict, reason: why }: CheckResult, title: string) => {
    const { ok, because } = findings('stores', title);
    if (verdict === 'healthy' || verdict === 'degraded' || why === null) return ok('store');
    return because('wrong', why, adviceFor(why));
  };
  for (const { title, checks } of services)
    for (const check of checks) {
      if (check.type === 'redis') {
        const redis = createRedisCheck(check);
        found.push(judge(await redis.run(context()), title));
        const details = await redis.details(AbortSignal.timeout(WITHIN), now);
        const missing = details.ok ? details.value.missing : [];
        if (missing.length > 0)
          found.push(findings('stores', title).note('redis-rights', { rights: missing.join(' ') }, 'rights'));
        await redis.close();
      }
      if (check.type === 'postgres') {
        const postgres = createPostgresCheck(check);
        found.push(judge(await postgres.run(context()), title));
        const details = await postgres.details(AbortSignal.timeout(WITHIN), now);
        if (details.ok && !details.value.seesAll)
          found.push(findings('stores', title).note('postgres-rights', {}, 'rights'));
        await postgres.close();
      }
    }
  if (shop.database_url !== null) found.push(...(await examineShop(shop.database_url, monitoring.timezone)));
  return found;
}

/** Which of the shop's figures the address in DATABASE_URL cannot give, and why. */
async function examineShop(url: string, timezone: string): Promise<readonly Finding[]> {
  const { ok, because } = findings('stores', 'DATABASE_URL');
  const shop = createPostgresCheck({ ...{ id: 'doctor', url, slow_query_threshold: WITHIN, max_latency_ms: WITHIN } });
  try {
    const stats = await shop.shop(AbortSignal.timeout(WITHIN), timezone);
    if (!stats.ok) return [because('wrong', stats.failure.reason)];
    const missing = new Map<string, Reason>();
    for (const figure of Object.values(stats.value))
      if (typeof figure === 'object' && figure !== null && 'reason' in figure)
        missing.set(JSON.stringify(figure.reason), figure.reason);
    return missing.size === 0 ? [ok('shop')] : [...missing.values()].map((why) => because('note', why, adviceFor(why)));
  } finally {
    await shop.close();
  }
}

function adviceFor({ code }: Reason): string | null {
  return /right|hidden/.test(code) ? 'rights' : null;
}

async function within<T, Instead>(work: Promise<T>, instead: Instead): Promise<T | Instead> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<Instead>((resolve) => {
    limit = setTimeout(resolve, WITHIN, instead);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}
