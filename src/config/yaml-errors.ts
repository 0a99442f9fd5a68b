import type { ErrorCode } from 'yaml';
import { type Reason, reason } from '../core/reason.ts';

/**
 * Why a text is not YAML, in our words: the library's own are English and quote the text, which may hold a secret.
 * What is not named here is rare enough for "cannot be read", with the place.
 */
export function sayYamlError(code: ErrorCode): Reason {
  switch (code) {
    case 'DUPLICATE_KEY':
      return reason('config-yaml-duplicate');
    case 'TAB_AS_INDENT':
      return reason('config-yaml-tab');
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return reason('config-yaml-indent');
    case 'BAD_SCALAR_START':
    case 'UNEXPECTED_TOKEN':
      return reason('config-yaml-quote');
    case 'BAD_ALIAS':
      return reason('config-yaml-alias');
    case 'MISSING_CHAR':
      return reason('config-yaml-unclosed');
    case 'BAD_DQ_ESCAPE':
      return reason('config-yaml-escape');
    case 'MULTIPLE_DOCS':
      return reason('config-yaml-documents');
    case 'TAG_RESOLVE_FAILED':
      return reason('config-yaml-tag');
    default:
      return reason('config-yaml-other', { code });
  }
}
