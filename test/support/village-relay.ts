/** A relay process that keeps the ledger of a made-up community, as large as a test wants it, with invitations for those who shall come. */

import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderSource } from '../../node/audit/folder-source.ts'
import { generate } from '../../node/generate/generate.ts'
import { publish, type Village } from '../../node/generate/village.ts'
import { byDevice } from '../../node/generate/write.ts'
import { decodeEntry } from '../../protocol/community/entry.ts'
import { INVITE, invitationSigner } from '../../protocol/community/invite.ts'
import { encodeInvitationCode } from '../../protocol/community/link.ts'
import { peekId } from '../../protocol/envelope.ts'
import type { StatementId } from '../../protocol/ids.ts'

import { decodeBundle, tileWidth } from '../../protocol/log/tile.ts'
import { openDataFolder } from '../../relay/data-folder.ts'
import { Store, type StoredEntry } from '../../relay/store.ts'
import { type RelayProcess, startRelayProcess } from './relay-process.ts'

const HALTING = new URL('halting-relay.ts', import.meta.url).href
/** What a halting relay looks for in its folder. */
const RELEASED = 'ledger-released'

export interface VillageRelay {
  readonly relay: RelayProcess
  /** Links of invitations that nobody has used. */
  readonly links: readonly string[]
  readonly members: number
  readonly entries: number
  /** From here on all of it is given out. */
  release(): void
}

export interface VillageOrder {
  readonly members: number
  /** It ends with about so many entries, whoever is in by then. */
  readonly entries?: number
  /** So many invitations for newcomers. */
  readonly guests: number
  readonly seed?: string
  /** Only the first entries are given out until `release`: what people see before their copy is whole can be looked at for as long as it takes. */
  readonly halting?: boolean
}

/** Makes the community up and starts the relay that keeps its log. */
export async function startVillageRelay({
  members,
  entries: most,
  guests,
  seed = 'a village',
  halting = false,
}: VillageOrder): Promise<VillageRelay> {
  const folder = await mkdtemp(join(tmpdir(), 'palabre-village-'))
  const relay = await startRelayProcess([], halting ? ['--import', HALTING] : [])
  try {
    await relay.stop()
    const signal = new AbortController().signal
    const village = await generate({
      members,
      ...(most !== undefined && { entries: most }),
      seed,
      mode: 'default',
      witnesses: 0,
      folder,
      signal,
    })
    const codes: string[] = []
    for (let guest = 0; guest < guests; guest++) codes.push(await inviteFrom(village, guest))
    await publish(village)
    const entries = await entriesOf(folder, village)
    seedRelay(relay.data, village.founded.world.keys.seed('log'), entries)
    await relay.restart()
    return {
      relay,
      links: codes.map((code) => `${relay.origin}/#/i/${code}`),
      members: village.founded.world.chronicle.state.members.size,
      entries: entries.length,
      release: () => writeFileSync(join(relay.data, RELEASED), ''),
    }
  } catch (error) {
    await relay.close()
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Somebody who may invites; the code of their invitation. */
async function inviteFrom({ founded: { world } }: Village, guest: number): Promise<string> {
  const seed = world.keys.seed(`guest ${guest}`).slice(0, 16)
  const { publicKey: key } = invitationSigner(seed, world.community)
  for (const { sponsor, slot } of world.free) {
    const written = await byDevice(world, sponsor, INVITE, { slot, key })
    if (written?.taken) return encodeInvitationCode({ community: world.community, seed })
  }
  throw new Error('nobody of the village may invite')
}

async function entriesOf(folder: string, { founded, writer }: Village): Promise<readonly StoredEntry[]> {
  const { community } = founded.world
  const { size } = writer
  const entries: StoredEntry[] = []
  for await (const bytes of folderSource(folder).bundles(0, size, new AbortController().signal)) {
    const width = tileWidth('entries', entries.length / 256, size)
    const bundle = bytes && decodeBundle(bytes, width)
    if (!bundle?.ok) throw new Error('the village has a hole')
    for (const entry of bundle.value) {
      const decoded = decodeEntry(entry)
      const id = decoded.ok ? peekId(community, decoded.value.e) : decoded
      if (!id.ok) throw new Error(`no entry: ${id.reason}`)
      entries.push({ id: id.value as StatementId, bytes: entry })
    }
  }
  return entries
}

function seedRelay(data: string, logSeed: Uint8Array, entries: readonly StoredEntry[]): void {
  const folder = openDataFolder(data)
  try {
    writeFileSync(join(data, 'log.key'), logSeed)
    const store = new Store(folder.file('ledger.sqlite'))
    store.appendAll(0, entries)
    store.close()
  } finally {
    folder.close()
  }
}
