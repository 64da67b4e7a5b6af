import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { decodeBundle, tileWidth } from '../../protocol/log/tile.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { readCheckpoint } from '../audit/audit.ts'
import { httpSource } from '../audit/http-source.ts'
import { SourceError } from '../audit/source.ts'
import { PeerError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { relayFailure } from '../refusal.ts'
import type { Site } from '../site.ts'

/** Where a relay serves its log (SPEC §9.9). */
const LOG = '/log/'

/** A log signs a tree with what it promised within 5 seconds (KEEP-2), and a moment later everybody can read it. Milliseconds. */
const MERGED = 6_000

export interface PublicLedgerParts {
  readonly verifier: Verifier
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * The community of a site, as anybody may read it from the log's static files. Every statement is verified; which history it is, is the relay's
 * word, as it is for a newcomer. What is not there at first may just have been promised, and is looked for once more.
 * @param bundles no more than so many from the beginning, of 256 entries each
 * @throws PeerError
 */
export async function readPublicLedger(
  site: Site,
  { verifier, clock, signal }: PublicLedgerParts,
  isThere: (state: Membership) => boolean = () => true,
  bundles = Number.POSITIVE_INFINITY,
): Promise<Membership> {
  const begun = clock.now()
  const first = await read(site, verifier, signal, bundles)
  if (first !== undefined && isThere(first)) return first
  await new Promise<void>((resolve) => clock.after(Math.max(0, begun + MERGED - clock.now()), resolve))
  const second = await read(site, verifier, signal, bundles)
  if (second === undefined) throw new PeerError('relay-unreachable', { cause: 'the relay serves no log' })
  return second
}

/** @returns undefined while the log has signed nothing */
async function read(
  { origin, community }: Site,
  verifier: Verifier,
  signal: AbortSignal,
  bundles: number,
): Promise<Membership | undefined> {
  if (community === undefined) throw new PeerError('not-founded')
  const source = httpSource(new URL(LOG, origin))
  let state: Membership | undefined
  try {
    const checkpoint = readCheckpoint(await source.checkpoint(signal))
    if (typeof checkpoint === 'string') throw new PeerError('internal', { cause: checkpoint })
    const { size } = checkpoint
    let index = 0
    for await (const bytes of source.bundles(0, size, signal)) {
      const bundle = bytes && decodeBundle(bytes, tileWidth('entries', index, size))
      if (!bundle?.ok) throw new PeerError('internal', { cause: 'a part of the log is missing or broken' })
      state = await extend(state, bundle.value, verifier)
      index += 1
      if (index === bundles) break
    }
  } catch (cause) {
    if (!(cause instanceof SourceError)) throw relayFailure(cause)
    if (cause.code === 'source-missing') return undefined
    throw new PeerError('relay-unreachable', { cause })
  }
  if (state?.community !== community)
    throw new PeerError('internal', { cause: 'the log is of another community' })
  return state
}

async function extend(
  state: Membership | undefined,
  entries: readonly Uint8Array[],
  verifier: Verifier,
): Promise<Membership> {
  const [first, ...rest] = entries
  const begun = state === undefined ? await beginLedger(verifier, first as Uint8Array) : undefined
  if (begun?.ok === false) throw new PeerError('internal', { cause: begun.reason })
  const from = begun?.value ?? (state as Membership)
  const next = await replay(verifier, from, begun ? rest : entries)
  if (!next.ok) throw new PeerError('internal', { cause: next.reason })
  return next.value
}
