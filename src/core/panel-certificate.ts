/** A certificate that somebody's clients depend on. */
export interface Certificate {
  readonly host: string;
  /** Epoch ms. */
  readonly notAfter: number;
  /** Whole days left at the last look; negative: expired. */
  readonly daysLeft: number;
  readonly checkedAt: number;
}

/** An operator hears of it at each of these, days. */
export const certificateSteps = [14, 7, 3] as const;

const DAY = 86_400_000;

export type CertificateStage = 'fine' | 'soon' | 'near' | 'urgent' | 'expired';

/** How pressing it is: 14, 7, 3 days, over. */
export function certificateStage(certificate: Certificate): CertificateStage {
  if (certificate.checkedAt >= certificate.notAfter) return 'expired';
  const [soon, near, urgent] = certificateSteps;
  if (certificate.daysLeft < urgent) return 'urgent';
  if (certificate.daysLeft < near) return 'near';
  return certificate.daysLeft < soon ? 'soon' : 'fine';
}

/** Takes up what was seen of one host. */
export function foldCertificate(
  before: readonly Certificate[],
  host: string,
  notAfter: number,
  now: number,
): readonly Certificate[] {
  const seen = { host, notAfter, daysLeft: Math.floor((notAfter - now) / DAY), checkedAt: now };
  return before.some((each) => each.host === host)
    ? before.map((each) => (each.host === host ? seen : each))
    : [...before, seen];
}
