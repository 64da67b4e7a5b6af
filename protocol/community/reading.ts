import type { Result } from '../result.ts'
import { type RowForm, RowMap } from '../state/row-map.ts'
import { type Draft, settle, unsettled } from './draft.ts'
import type { LedgerState } from './membership.ts'
import { takeVerified, type VerifiedEntry } from './replay.ts'
import { ROW_FORMS } from './rows.ts'

/** A replay into a state that is no value: for who reads a whole ledger, and keeps nothing but where it ends. */
export interface Replay {
  /** After the entries so far. It changes with the next. */
  readonly state: LedgerState
  /** The same without what only a replay writes on: to be stored, before the next entry is read. */
  settled(): LedgerState
  /** Reads further entries. Where one is older than the entry before it the replay has ended, and its state means nothing. */
  take(entries: readonly VerifiedEntry[]): Result<true, 'time-backwards'>
}

/** Goes on from a state, which is not changed. */
export function startReplay(from: LedgerState): Replay {
  const draft = plainDraftOf(from)
  return {
    state: draft,
    settled() {
      const { newVoids: _, names: __, ...state } = draft
      return state
    },
    take(entries) {
      const taken = takeVerified(draft, entries)
      settle(draft)
      return taken
    },
  }
}

/** A copy of a state to write on for good, in as little memory as can be. */
function plainDraftOf(state: LedgerState): Draft {
  return {
    ...state,
    members: rowsOf(ROW_FORMS.members, state.members),
    roots: rowsOf(ROW_FORMS.roots, state.roots),
    devices: rowsOf(ROW_FORMS.devices, state.devices),
    invitations: rowsOf(ROW_FORMS.invitations, state.invitations),
    invitationKeys: rowsOf(ROW_FORMS.invitationKeys, state.invitationKeys),
    slots: rowsOf(ROW_FORMS.slots, state.slots),
    rooms: rowsOf(ROW_FORMS.rooms, state.rooms),
    attests: rowsOf(ROW_FORMS.attests, state.attests),
    attested: rowsOf(ROW_FORMS.attested, state.attested),
    bans: new Map(state.bans),
    statements: rowsOf(ROW_FORMS.statements, state.statements),
    ...unsettled(),
  }
}

function rowsOf<K extends string, V>(form: RowForm<K, V>, map: ReadonlyMap<K, V>): RowMap<K, V> {
  return map instanceof RowMap ? map.copy() : new RowMap(form, map)
}
