import { decodeValue } from '../../protocol/codec.ts'
import { unhex } from './bytes.ts'
import { type Check, wrongSigners } from './evidence.ts'
import type { Fact, History } from './history.ts'
import { judge } from './judge.ts'
import { no, type Outcome, yes } from './outcome.ts'
import { type Records, records, stateHash } from './records.ts'
import { bytes, minute, readMap } from './shape.ts'
import { NOWHERE, openStatement } from './statement.ts'
import type { Void } from './void.ts'

/** A ledger as far as it was read. */
export interface Reading {
  readonly history: History
  readonly entries: number
  readonly voids: readonly Void[]
}

const ENTRY = { at: minute, e: bytes(1, 5785) }

function openEntry(entry: Uint8Array): Outcome<{ readonly t: number; readonly envelope: Uint8Array }> {
  const value = decodeValue(entry, 5817)
  if (!value.ok) return no(value.reason)
  const read = readMap(ENTRY, value.value)
  return read.ok ? yes({ t: read.value.at, envelope: unhex(read.value.e) }) : read
}

/** LEDGER-1. */
export function begin(check: Check, first: Uint8Array): Outcome<Reading> {
  const entry = openEntry(first)
  if (!entry.ok) return entry
  const { t, envelope } = entry.value
  const opened = openStatement(NOWHERE, envelope, 'genesis')
  if (!opened.ok) return no(opened.reason === 'unknown-type' ? 'genesis-missing' : opened.reason)
  const said = opened.value
  if (said.type !== 'genesis') return no('genesis-missing')
  const { council, witnesses, founders, at } = said.fields
  // GEN-3
  if (council.k > council.keys.length || witnesses.k > witnesses.keys.length) return no('field-invalid')
  if (at > t + 300) return no('time-ahead')
  const wrong = wrongSigners(check, said, founders)
  if (wrong) return no(wrong)
  return yes({
    history: { community: said.id, genesis: said.fields, facts: [], now: t },
    entries: 1,
    voids: [],
  })
}

/** One entry more. Not ok is what stops the reading (ENTRY-1, LEDGER-2). */
export function take(check: Check, so: Reading, entry: Uint8Array): Outcome<Reading> {
  const opened = openEntry(entry)
  if (!opened.ok) return opened
  const { t, envelope } = opened.value
  if (t < so.history.now) return no('time-backwards')
  const history = { ...so.history, now: t }
  const index = so.entries
  const verdict = judge(history, check, envelope)
  if ('reason' in verdict)
    return yes({ history, entries: index + 1, voids: [...so.voids, { index, ...verdict }] })
  const fact = { index, t, ...verdict } as Fact
  return yes({ ...so, history: { ...history, facts: [...history.facts, fact] }, entries: index + 1 })
}

export interface Told {
  readonly reading: Reading
  /** Why the reading stopped, at the entry after the last that was read. */
  readonly stopped?: string
}

/** A whole ledger. */
export function read(check: Check, entries: readonly Uint8Array[]): Outcome<Told> {
  const begun = begin(check, entries[0] ?? new Uint8Array())
  if (!begun.ok) return begun
  let reading = begun.value
  for (const entry of entries.slice(1)) {
    const next = take(check, reading, entry)
    if (!next.ok) return yes({ reading, stopped: next.reason })
    reading = next.value
  }
  return yes({ reading })
}

export function recordsOf({ history, voids }: Reading): Records {
  return records(history, voids)
}

export function hashOf(reading: Reading): string {
  const { history, entries } = reading
  return stateHash(history.community, recordsOf(reading), entries, history.now)
}
