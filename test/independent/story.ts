import { decodeValue, type Value } from '../../protocol/codec.ts'
import { hex } from './bytes.ts'
import { read } from './reader.ts'
import type { Scheme } from './scheme.ts'
import { isMap } from './shape.ts'

/** A ledger as lines to read: when, what, and what became of it by the second replay. Ids and keys are cut to six digits. */
export function story(scheme: Scheme, entries: readonly Uint8Array[]): string {
  const told = read(scheme.check, entries)
  const voids = new Map(told.ok ? told.value.reading.voids.map(({ index, reason }) => [index, reason]) : [])
  const facts = new Map(
    told.ok ? told.value.reading.history.facts.map(({ index, said }) => [index, said.id]) : [],
  )
  const start = timeOf(entries[0])
  const lines = entries.map((entry, index) => {
    const fate = voids.get(index) ?? facts.get(index)?.slice(0, 6) ?? (index === 0 ? 'begins' : 'stops')
    return `${index} +${((timeOf(entry) - start) / 86_400).toFixed(3)}d ${fate}: ${said(entry)}`
  })
  return lines.join('\n')
}

function timeOf(entry: Uint8Array | undefined): number {
  const at = open(entry)?.at
  return typeof at === 'number' ? at : Number.NaN
}

function said(entry: Uint8Array): string {
  const envelope = open(open(entry)?.e)
  const payload = open(envelope?.p)
  const signers = Array.isArray(envelope?.s)
    ? envelope.s.map((one) => brief(isMap(one) ? (one.k ?? '') : ''))
    : []
  if (!payload) return `${brief(envelope ?? {})}`
  const { t, c: _c, ...fields } = payload
  return `${JSON.stringify(t)} ${brief(fields)} by ${signers.join(' ')}`
}

function open(bytes: Value | undefined): { readonly [key: string]: Value } | undefined {
  if (!(bytes instanceof Uint8Array)) return undefined
  const value = decodeValue(bytes, bytes.length)
  return value.ok && isMap(value.value) ? value.value : undefined
}

function brief(value: Value): string {
  return JSON.stringify(value, (_, field) =>
    field instanceof Uint8Array || field?.type === 'Buffer'
      ? hex(Uint8Array.from(field.data ?? field)).slice(0, 6)
      : field,
  )
}
