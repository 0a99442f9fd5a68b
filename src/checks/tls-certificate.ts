import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type Reason, reason } from '../core/reason.ts';

const day = 86_400_000;

export interface CertificateWish {
  /** What is looked at, for the texts. */
  readonly address: string;
  /** The name that has to be in the certificate. */
  readonly name: string;
  /** A chain that ends nowhere is fine; name and days still count. */
  readonly allow_self_signed: boolean;
}

/** Days until a certificate ends, negative after; NaN when it does not say. */
export function daysLeft(certificate: PeerCertificate, now: number): number {
  return (Date.parse(certificate.valid_to) - now) / day;
}

/** The day in a certificate's date. */
export function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}

/**
 * Why a client would not accept a certificate, the plainest cause first; null: it would. `distrust` is what OpenSSL
 * holds against the chain.
 */
export function certificateProblem(
  certificate: PeerCertificate,
  distrust: string | null,
  wish: CertificateWish,
  now: number,
): Reason | null {
  const { address } = wish;
  const left = daysLeft(certificate, now);
  if (Number.isNaN(left)) return reason('tls-no-certificate', { address });
  if (left < 0) {
    return reason('tls-expired', { address, days: Math.floor(-left), date: dayOf(certificate.valid_to) });
  }
  if (Date.parse(certificate.valid_from) > now) {
    return reason('tls-not-yet-valid', { address, date: dayOf(certificate.valid_from) });
  }
  return chainProblem(distrust, wish) ?? nameProblem(certificate, wish);
}

function chainProblem(distrust: string | null, { address, allow_self_signed }: CertificateWish): Reason | null {
  switch (distrust) {
    case null:
    // The name is looked at apart, so that it is looked at behind a self-signed certificate too.
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return null;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return allow_self_signed ? null : reason('tls-self-signed', { address });
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return allow_self_signed ? null : reason('tls-unknown-issuer', { address });
    case 'CERT_HAS_EXPIRED':
      return reason('tls-chain-expired', { address });
    case 'CERT_REVOKED':
      return reason('tls-revoked', { address });
    default:
      return reason('tls-distrusted', { address, code: distrust });
  }
}

function nameProblem(certificate: PeerCertificate, { address, name }: CertificateWish): Reason | null {
  if (!checkServerIdentity(name, certificate)) return null;
  const names = certificate.subjectaltname ?? String(certificate.subject?.CN ?? '');
  return reason('tls-wrong-name', { address, name, names: names.slice(0, 200) });
}
