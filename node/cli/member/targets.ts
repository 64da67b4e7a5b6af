import { InvalidArgumentError } from 'commander'
import type { LedgerState } from '../../../protocol/community/membership.ts'
import {
  type Id,
  type KeyText,
  type MemberId,
  parseId,
  type RoomId,
  type StatementId,
} from '../../../protocol/ids.ts'
import { DAY, HOUR, MINUTE } from '../../../protocol/limits.ts'
import { CliError } from '../failure.ts'

/** The shortest beginning of an id that stands for it: 48 bits, which nobody hits by chance. */
const SHORTEST = 8

/** An id of a room as an argument. One that begins with a hyphen stands behind `=` or `--`. */
export function parseRoomId(text: string): RoomId {
  return whole<RoomId>(text, 'This is no id of a room: it has 43 characters.')
}

export function parseStatementId(text: string): StatementId {
  return whole<StatementId>(text, 'This is no id of a statement: it has 43 characters.')
}

export function parseKey(text: string): KeyText {
  return whole(text, 'This is no key: it has 43 characters.') as string as KeyText
}

function whole<T extends Id>(text: string, wrong: string): T {
  const id = parseId<T>(text)
  if (id === undefined) throw new InvalidArgumentError(wrong)
  return id
}

/** A whole number of these as an argument. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = /^\d{1,15}$/.test(text) ? Number(text) : -1
    if (n < min || n > max) throw new InvalidArgumentError(`This is no whole number from ${min} to ${max}.`)
    return n
  }
}

const UNITS = { m: MINUTE, h: HOUR, d: DAY } as const

/** A time span such as `30m`, `12h` or `7d`, in seconds. */
export function parseSpan(text: string): number {
  const [, digits, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  const span = Number(digits) * UNITS[unit as keyof typeof UNITS]
  if (!(span > 0)) throw new InvalidArgumentError('Say how long as 30m, 12h or 7d.')
  return span
}

/** The member whom an id, or the beginning of one, stands for. */
export function memberBy({ members }: LedgerState, typed: string): MemberId {
  const exact = members.get(typed as MemberId)
  if (exact !== undefined) return exact.id
  const found = typed.length < SHORTEST ? [] : [...members.keys()].filter((id) => id.startsWith(typed))
  if (found.length > 1)
    throw new CliError('member-ambiguous', `Several members have an id that begins with ${typed}.`)
  const [only] = found
  if (only === undefined)
    throw new CliError(
      'member-unknown',
      `The ledger has no member ${typed}: use an id as "palabre community show" lists them, or its first ${SHORTEST} characters or more.`,
    )
  return only
}
