import { utf8ToBytes } from '@noble/hashes/utils.js'
import { hash } from '../../protocol/hash.ts'
import { type CommunityId, idOf } from '../../protocol/ids.ts'
import type { EnvelopeReason, LedgerReason } from '../../protocol/reasons.ts'
import { Observed } from '../observed.ts'
import type { Storage } from '../ports/storage.ts'
import { alarmsAt } from './places.ts'

/**
 * Something that an honest log does not do. The first three convict its key before anybody (`verifyEvidence`); the others are what this
 * device saw, with what there is to show.
 *
 * - `forked`: it signed two histories.
 * - `promise-broken`: it put something else where it had promised a statement.
 * - `promised-twice`: it promised one place twice, or two places for one statement.
 * - `root-wrong`: it signed a tree that is not that of the entries that it gave. Those who hold the other entries can prove more.
 * - `state-wrong`: it signed a state hash that its entries do not come to. Anybody who replays them sees it.
 * - `promise-unkept`: it promised a place long ago, and has signed no tree that reaches it; or a later log did not keep the promise.
 * - `void-taken`: it took a statement that breaks a rule, which it is there to refuse.
 */
export type LedgerAlarm =
  | { readonly kind: 'forked' | 'promise-broken' | 'promised-twice'; readonly evidence: Uint8Array }
  /** `checkpoint`: signed by the log. `fits`: one that fits our entries, when there is one. */
  | {
      readonly kind: 'root-wrong' | 'state-wrong'
      readonly checkpoint: Uint8Array
      readonly fits: Uint8Array | undefined
    }
  | { readonly kind: 'promise-unkept'; readonly promise: Uint8Array }
  | {
      readonly kind: 'void-taken'
      readonly index: number
      readonly reason: EnvelopeReason | LedgerReason
      readonly entry: Uint8Array
    }

/** When it was noticed, milliseconds since the Unix epoch. */
export type NoticedAlarm = LedgerAlarm & { readonly at: number }

/** Of each kind. A log that misbehaves does so again and again: what the first of these say is enough. */
const MAX_ALARMS = 16

/** What was noticed about a community's log, the first first. Nothing that comes later takes any of it away. */
export interface AlarmBook {
  readonly alarms: Observed<readonly NoticedAlarm[]>
  /** Stores it, unless it is known. @param at milliseconds since the Unix epoch */
  raise(alarm: LedgerAlarm, at: number): Promise<void>
}

export async function openAlarms(community: CommunityId, storage: Storage): Promise<AlarmBook> {
  const prefix = alarmsAt(community)
  const stored = await storage.list(prefix)
  const known = new Set(stored.map(([key]) => key))
  const first = stored.map(([, alarm]) => alarm as NoticedAlarm).sort((a, b) => a.at - b.at)
  const alarms = new Observed<readonly NoticedAlarm[]>(first)
  return {
    alarms,
    async raise(alarm, at) {
      const key = prefix + nameOf(alarm)
      const alike = alarms.value.filter(({ kind }) => kind === alarm.kind)
      if (known.has(key) || alike.length >= MAX_ALARMS) return
      known.add(key)
      const noticed = { ...alarm, at }
      await storage.put(key, noticed)
      alarms.set([...alarms.value, noticed])
    },
  }
}

/** What there is to show for it: evidence that convicts (EVID-1), or what the log signed or took. */
export function exhibitOf(alarm: LedgerAlarm): Uint8Array {
  return alarm.kind === 'void-taken' ? alarm.entry : factOf(alarm)
}

/** One name for one fact, however often it is noticed. */
function nameOf(alarm: LedgerAlarm): string {
  return `${alarm.kind}/${idOf(hash(factOf(alarm)))}`
}

function factOf(alarm: LedgerAlarm): Uint8Array {
  switch (alarm.kind) {
    case 'forked':
    case 'promise-broken':
    case 'promised-twice':
      return alarm.evidence
    case 'root-wrong':
    case 'state-wrong':
      return alarm.checkpoint
    case 'promise-unkept':
      return alarm.promise
    case 'void-taken':
      return utf8ToBytes(String(alarm.index))
  }
}
