import { CODEC_REASONS, LEDGER_REASONS, SCHEMA_REASONS, SIGNATURE_REASONS } from '../../protocol/reasons.ts'
import type { HostileLedger } from './hostile.ts'
import { SHAPES } from './statement.ts'

/** How often each reason was given and each type of statement took effect or did not, over many ledgers. */
export interface Coverage {
  readonly reasons: Map<string, number>
  readonly effective: Map<string, number>
  readonly void: Map<string, number>
}

export function noCoverage(): Coverage {
  return { reasons: new Map(), effective: new Map(), void: new Map() }
}

export function cover({ reasons, effective, void: voids }: Coverage, { told }: HostileLedger): void {
  if (!told.ok) {
    count(reasons, told.reason)
    return
  }
  const { reading, stopped } = told.value
  if (stopped !== undefined) count(reasons, stopped)
  for (const { reason, type } of reading.voids) {
    count(reasons, reason)
    if (type) count(voids, type)
  }
  for (const { said } of reading.history.facts) count(effective, said.type)
}

/** What never happened: reasons of the ledger that were not given, types that never took effect, or were never void. */
export function missing({ reasons, effective, void: voids }: Coverage): readonly string[] {
  const types = Object.keys(SHAPES).filter((type) => type !== 'genesis')
  return [
    ...[...CODEC_REASONS, ...SCHEMA_REASONS, ...SIGNATURE_REASONS, ...LEDGER_REASONS].filter(
      (reason) => !reasons.has(reason),
    ),
    ...types.filter((type) => !effective.has(type)).map((type) => `${type} in effect`),
    ...types.filter((type) => !voids.has(type)).map((type) => `${type} void`),
  ]
}

function count(of: Map<string, number>, what: string): void {
  of.set(what, (of.get(what) ?? 0) + 1)
}
