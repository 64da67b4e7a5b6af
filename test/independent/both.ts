import { decodeValue, encodeValue } from '../../protocol/codec.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { startReplay } from '../../protocol/community/reading.ts'
import {
  beginLedger,
  openEntry,
  replay,
  replayVerified,
  type VerifiedEntry,
  verifyParts,
} from '../../protocol/community/replay.ts'
import { keyBytes } from '../../protocol/ids.ts'
import { createVerifier, type Verifier } from '../../protocol/signature.ts'
import { nameBytes, recordNames, recordOf } from '../../protocol/state/record.ts'
import { nextStateTree, stateHash, stateRoot, stateTree } from '../../protocol/state/state.ts'
import { treeRoot } from '../../protocol/state/tree.ts'
import { hex, unhex } from './bytes.ts'
import type { Dice } from './dice.ts'
import type { Outcome } from './outcome.ts'
import { hashOf, type Reading, read, recordsOf, type Told } from './reader.ts'
import type { Scheme } from './scheme.ts'

/** What the real replay verifies with: its own rule where the signatures are in earnest. */
export function verifierOf({ name, check }: Scheme): Verifier {
  if (name === 'ed25519') return createVerifier()
  return {
    verify: async (signature, message, key) => {
      const reason = check(signature, message, hex(keyBytes(key)))
      return reason === undefined ? { ok: true, value: true } : ({ ok: false, reason } as never)
    },
  }
}

/**
 * Where the real replay and the second one come to different ends, in words; `undefined` when they agree on where the reading stops and why,
 * on every void and its reason, on every record, and on the state hash. The real replay is asked to read the ledger at once, in parts, and
 * with signatures that were verified before; and it keeps its tree of the state from part to part.
 *
 * @param known what the second replay says
 * @param chance where the parts end; without it, each entry is a part
 */
export async function disagreement(
  scheme: Scheme,
  entries: readonly Uint8Array[],
  known: Outcome<Told> = read(scheme.check, entries),
  chance?: Dice,
): Promise<string | undefined> {
  const verifier = verifierOf(scheme)
  const begun = await beginLedger(verifier, entries[0] ?? new Uint8Array())
  if (!known.ok || !begun.ok) {
    const [real, second] = [begun, known].map((one) => (one.ok ? 'a community' : one.reason))
    return real === second ? undefined : `the genesis: ${real} in the real replay, ${second} in the second`
  }
  const { reading, stopped } = known.value
  const good = entries.slice(1, reading.entries)
  const real = await replay(verifier, begun.value, good)
  if (!real.ok) return `the reading: stopped by ${real.reason} in the real replay, not in the second`
  const broken = entries[reading.entries]
  if (broken) {
    const after = await replay(verifier, real.value, [broken])
    const why = after.ok ? 'nothing' : after.reason
    if (why !== stopped) return `the end: stopped by ${why} in the real replay, ${stopped} in the second`
  }
  const hash = hashOf(reading)
  const quarrel = voidsDiffer(real.value, reading)
  if (quarrel) return quarrel
  const other = hashesDiffer('at once', hashOfReal(real.value), hash)
  // Where the hashes are the same, so are the records.
  if (other) return recordsDiffer(real.value, reading) ?? other
  return inParts(verifier, begun.value, good, hash, chance)
}

function hashOfReal(state: Membership): string {
  return hex(stateHash(state, stateRoot(state)))
}

function hashesDiffer(how: string, real: string, second: string): string | undefined {
  return real === second
    ? undefined
    : `the state hash, ${how}: ${real} in the real replay, ${second} in the second`
}

function voidsDiffer(real: Membership, { voids, entries }: Reading): string | undefined {
  const theirs = new Map(real.voids.map(({ index, reason }) => [index, reason as string]))
  const ours = new Map(voids.map(({ index, reason }) => [index, reason]))
  for (let index = 1; index < entries; index++) {
    const [a, b] = [theirs, ours].map((all) => all.get(index) ?? 'in effect')
    if (a !== b) return `entry ${index}: ${a} in the real replay, ${b} in the second`
  }
  return undefined
}

function recordsDiffer(state: Membership, reading: Reading): string | undefined {
  const ours = new Map([...recordsOf(reading)].map(([name, value]) => [name, hex(encodeValue(value))]))
  const theirs = new Map(
    [...recordNames(state)].map((name) => [
      `${name.kind} ${hex(nameBytes(name))}`,
      hex(recordOf(state, name) ?? new Uint8Array()),
    ]),
  )
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [real, second] = [theirs, ours].map((all) => all.get(name))
    if (real !== second)
      return `the record ${name}: ${shown(real)} in the real replay, ${shown(second)} in the second`
  }
  return undefined
}

function shown(value: string | undefined): string {
  const decoded = value === undefined ? undefined : decodeValue(unhex(value), value.length)
  return decoded?.ok
    ? JSON.stringify(decoded.value, (_, field) =>
        field instanceof Uint8Array ? hex(field).slice(0, 12) : field,
      )
    : 'none'
}

/** LEDGER-8. */
async function inParts(
  verifier: Verifier,
  begun: Membership,
  entries: readonly Uint8Array[],
  wanted: string,
  chance: Dice | undefined,
): Promise<string | undefined> {
  let state = begun
  let tree = stateTree(begun)
  // As an auditor reads, who keeps no state but the last.
  const auditor = startReplay(begun)
  let theirs = tree
  for (let from = 0; from < entries.length; ) {
    const to = from + 1 + (chance?.below(7) ?? 0)
    const part = entries.slice(from, to)
    const opened = await Promise.all(part.map((entry) => verified(verifier, state, entry)))
    const next =
      chance?.once(2) === true ? replayVerified(state, opened) : await replay(verifier, state, part)
    if (!auditor.take(opened).ok) return 'the auditor’s reading: stopped by time-backwards'
    theirs = nextStateTree(theirs, auditor.state)
    if (!next.ok) return `the reading in parts: stopped by ${next.reason}`
    state = next.value
    tree = nextStateTree(tree, state)
    from = to
  }
  return (
    hashesDiffer('in parts', hex(stateHash(state, treeRoot(tree))), wanted) ??
    hashesDiffer('as an auditor', hex(stateHash(auditor.state, treeRoot(theirs))), wanted) ??
    hashesDiffer('as an auditor, at the end', hex(stateHash(auditor.state, stateRoot(auditor.state))), wanted)
  )
}

async function verified(
  verifier: Verifier,
  { community }: Membership,
  entry: Uint8Array,
): Promise<VerifiedEntry> {
  const opened = openEntry(community, entry)
  if (!opened.ok) throw new Error(`read before, and no entry now: ${opened.reason}`)
  const { statement } = opened.value
  return { ...opened.value, verdicts: statement.ok ? await verifyParts(verifier, statement.value) : [] }
}

/** The fewest of these entries on which the two still disagree; the genesis stays. */
export async function shrink(scheme: Scheme, entries: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  let left = entries
  for (let size = Math.floor(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 1; at < left.length; ) {
      const fewer = [...left.slice(0, at), ...left.slice(at + size)]
      if ((await disagreement(scheme, fewer)) === undefined) at += size
      else left = fewer
    }
  }
  return left
}
