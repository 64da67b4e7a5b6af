/**
 * A relay process whose community was founded yesterday, with people whose keys a test holds and invitations of every fate: what takes days to come about otherwise.
 */

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join as path } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { platformVerifier } from '../../node/crypto/native.ts'
import { type MembershipCard, writeCard } from '../../node/membership-card.ts'
import { turnedClock } from '../../node/ports/turned-clock.ts'
import type { Site } from '../../node/site.ts'
import { askSite } from '../../node/site-address.ts'
import { memoryStorage } from '../../node/storage/memory-storage.ts'
import { INVITE } from '../../protocol/community/invite.ts'
import { encodeInvitationCode } from '../../protocol/community/link.ts'
import { seal } from '../../protocol/envelope.ts'
import type { KeyText, StatementId } from '../../protocol/ids.ts'
import { DAY, MINUTE } from '../../protocol/limits.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { openDataFolder } from '../../relay/data-folder.ts'
import { foundingToken } from '../../relay/founding.ts'
import { LogKeeper } from '../../relay/log-keeper.ts'
import { logKeys } from '../../relay/log-keys.ts'
import { Store } from '../../relay/store.ts'
import { bytesOf, foundCommunity, type Invitation, invite, join, type Person, signerOf } from './community.ts'
import { type Device, newDevice, PATIENCE } from './node-peer.ts'
import { type RelayProcess, startRelayProcess } from './relay-process.ts'

export interface SeededRelay {
  readonly relay: RelayProcess
  readonly site: Site
  /** Ledger time of the newest entry. */
  readonly at: number
  readonly alice: Person
  readonly bob: Person
  readonly mallory: Person
  readonly oscar: Person
  readonly trudy: Person
  readonly invitations: {
    readonly good: Invitation
    readonly other: Invitation
    readonly used: Invitation
    readonly expired: Invitation
    /** Made for somebody who is not here. */
    readonly bound: Invitation
    /** Nobody put it into the ledger. */
    readonly unknown: Invitation
  }
}

/** Founds a relay's community as its founder would have done a day ago. */
export async function startSeededRelay(): Promise<SeededRelay> {
  const relay = await startRelayProcess()
  await relay.stop()
  const seeded = await seed(relay.data, toLedgerTime(Math.floor(Date.now() / 1000)) - DAY)
  await relay.restart()
  const site = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
  return { relay, site, ...seeded }
}

async function seed(data: string, at: number): Promise<Omit<SeededRelay, 'relay' | 'site'>> {
  const folder = openDataFolder(data)
  const store = new Store(folder.file('ledger.sqlite'))
  try {
    const keys = logKeys(await folder.seed('log.key'))
    const clock = turnedClock(at * 1000)
    const keeper = await LogKeeper.open({ store, verifier: await platformVerifier(), keys, clock })
    const take = async (statement: { readonly bytes: Uint8Array }) => {
      const taken = await keeper.submit(statement.bytes)
      if (!taken.ok) throw new Error(`the seed was refused: ${taken.reason} ${taken.at ?? ''}`)
    }
    const { genesis, founder: alice } = await foundCommunity(keys.first, at)
    const founded = await keeper.found({
      token: foundingToken(store, { bytes: (length) => bytesOf('token').slice(0, length) }),
      genesis: genesis.bytes,
      identity: alice.identity.bytes,
      device: alice.deviceAdd.bytes,
      profile: alice.profile.bytes,
    })
    if (!founded.ok) throw new Error(`the seed was refused: ${founded.reason}`)

    const made: Invitation[] = []
    const invites: ((slot: number) => Promise<Invitation>)[] = [
      (slot) => invite(alice, slot, at),
      (slot) => invite(alice, slot, at),
      (slot) => invite(alice, slot, at, at + MINUTE),
      (slot) => inviteFor(alice, slot, at, signerOf('Nobody root').publicKey),
      ...['Bob', 'Mallory', 'Oscar', 'Trudy'].map(() => (slot: number) => invite(alice, slot, at)),
    ]
    for (const [slot, make] of invites.entries()) {
      const invitation = await make(slot)
      await take(invitation.envelope)
      made.push(invitation)
    }
    const [good, other, expired, bound, used, ...rest] = made as [
      Invitation,
      Invitation,
      Invitation,
      Invitation,
      Invitation,
      ...Invitation[],
    ]
    const guests: Person[] = []
    for (const [i, name] of ['Bob', 'Mallory', 'Oscar', 'Trudy'].entries()) {
      const { person, envelope } = await join([used, ...rest][i] as Invitation, name, at)
      await take(envelope)
      store.putProfile(person.member, person.profile.bytes)
      guests.push(person)
    }
    const [bob, mallory, oscar, trudy] = guests as [Person, Person, Person, Person]
    // Of a copy of her: her chain in the ledger does not go on with it.
    const unknown = await invite({ ...alice }, 8, at)
    const invitations = { good, other, used, expired, bound, unknown }
    return { at, alice, bob, mallory, oscar, trudy, invitations }
  } finally {
    store.close()
    folder.close()
  }
}

/** An invitation for one person alone. */
async function inviteFor(sponsor: Person, slot: number, at: number, root: KeyText): Promise<Invitation> {
  const plain = await invite({ ...sponsor }, slot, at)
  const envelope = await seal(INVITE, sponsor.community, { ...plain.envelope.payload, for: root }, [
    sponsor.device,
  ])
  const id = envelope.id as StatementId
  sponsor.deviceChain = { next: sponsor.deviceChain.next + 1, last: id }
  return { ...plain, envelope, id }
}

/** The code in an invitation's link. */
export function codeFor({ community, seed }: Invitation): string {
  return encodeInvitationCode({ community, seed })
}

/** A device that holds the person's membership: `resume` makes their peer. */
export async function deviceOf(person: Person): Promise<Device> {
  const storage = memoryStorage()
  const card: MembershipCard = {
    community: person.community,
    member: person.member,
    device: { kind: 'seed', seed: bytesOf(`${person.name} device`) },
    profile: person.profile.bytes,
  }
  await writeCard(storage, card)
  return newDevice({ storage })
}

/** Everything that a relay has stored: every row of every table, and a hash of every other file. Equal before and after means that nothing changed. */
export function storedBy(relay: RelayProcess): unknown {
  const database = new DatabaseSync(path(relay.data, 'ledger.sqlite'), { readOnly: true })
  try {
    const rows = (sql: string) => database.prepare(sql).all()
    const files = readdirSync(relay.data, { recursive: true, encoding: 'utf8' })
      .filter((name) => !/^(ledger\.sqlite|lock)/.test(name) && statSync(path(relay.data, name)).isFile())
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(path(relay.data, name)))
          .digest('hex'),
      ])
    return {
      entries: rows('SELECT * FROM entries ORDER BY idx'),
      profiles: rows('SELECT * FROM profiles ORDER BY member'),
      meta: rows('SELECT * FROM meta ORDER BY key'),
      head: rows('SELECT * FROM head'),
      witnessed: rows('SELECT * FROM witnessed ORDER BY origin'),
      files,
    }
  } finally {
    database.close()
  }
}
