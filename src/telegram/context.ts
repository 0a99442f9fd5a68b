import type { ConversationFlavor } from '@grammyjs/conversations';
import type { Context } from 'grammy';
import type { Role } from '../core/role.ts';
import type { Language } from '../i18n.ts';
import type { Place } from './screens/place.ts';

/** Who wrote or tapped, as the access gate found them. */
export interface Visitor {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

interface Visit {
  visitor: Visitor;
  language: Language;
  /** IANA name; every clock time they read is said in it. */
  timezone: string;
  /** Which screen is being drawn; null: the one whose button was pressed. */
  place: Place | null;
}

/** What every handler behind the gate gets. */
export type ChatContext = ConversationFlavor<Context & Visit>;
