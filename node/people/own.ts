import { base64url } from 'multiformats/bases/base64'
import { openEntry } from '../../protocol/community/replay.ts'
import type { Statement } from '../../protocol/community/statement.ts'
import type { Profile } from '../../protocol/identity/profile.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Storage } from '../ports/storage.ts'

/** What this device holds about somebody, without their keys: the format of the file that they export. */
export interface OwnData {
  readonly format: 'palabre-own-data'
  readonly version: 1
  readonly community: { readonly id: string; readonly name: string }
  readonly member: string
  /** As it was signed; undefined once it was erased. */
  readonly profile: unknown
  /** What the ledger's state says of them: see SPEC §6.13. */
  readonly state: unknown
  readonly devices: readonly unknown[]
  /** Entries that they signed, or that are about them. `void`: it changed nothing. */
  readonly entries: readonly {
    readonly index: number
    readonly at: number
    readonly type: string
    readonly void: boolean
    readonly payload: unknown
  }[]
  /** The names under which this browser keeps something. What is a key stays where it is. */
  readonly kept: readonly string[]
}

export async function ownData(
  ledger: Ledger,
  me: MemberId,
  profile: Profile | undefined,
  storage: Storage,
): Promise<OwnData> {
  const state = ledger.membership.value
  const devices = [...state.devices.values()].filter(({ member }) => member === me)
  const mine = new Set<string>([me, ...devices.map(({ key }) => key)])
  for (const [root, { member }] of state.roots) if (member === me) mine.add(root)
  for (const { id, sponsor, guest } of state.invitations.values())
    if (sponsor === me || guest === me) mine.add(id)
  for (const { id, member } of state.bans.values()) if (member === me) mine.add(id)
  const voids = new Set(state.voids.map(({ index }) => index))

  const entries: OwnData['entries'][number][] = []
  for (let first = 0; first < state.size; ) {
    const stored = await ledger.entries(first)
    if (stored.length === 0) throw new Error(`the stored ledger ends before entry ${first}`)
    for (const [at, bytes] of stored.entries()) {
      const entry = openEntry(state.community, bytes)
      if (!entry.ok || !entry.value.statement.ok) continue
      const statement = entry.value.statement.value
      if (!isAbout(statement, mine)) continue
      const index = first + at
      const { type, payload } = statement.envelope
      entries.push({ index, at: entry.value.at, type, void: voids.has(index), payload: plain(payload) })
    }
    first += stored.length
  }
  return {
    format: 'palabre-own-data',
    version: 1,
    community: { id: state.community, name: state.genesis.payload.name },
    member: me,
    profile: plain(profile),
    state: plain(state.members.get(me)),
    devices: devices.map(plain),
    entries,
    kept: (await storage.list('')).map(([key]) => key),
  }
}

function isAbout(statement: Statement, mine: ReadonlySet<string>): boolean {
  const { payload, signatures } = statement.envelope
  if (mine.has(statement.envelope.id) || signatures.some(({ key }) => mine.has(key))) return true
  if (statement.type === 'join' && mine.has(statement.parts.identity.id)) return true
  return Object.values(payload).some((value) =>
    Array.isArray(value) ? value.some((one) => mine.has(one)) : mine.has(value as string),
  )
}

/** As JSON can say it: bytes in base64url. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64url.baseEncode(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
