import { type Member, type Membership, membersInOrder } from '../protocol/community/membership.ts'
import type { KeyText, MemberId } from '../protocol/ids.ts'
import { signerFromSeed } from '../protocol/signature.ts'
import { LEDGER, MAX_ROOMS_AN_ANSWER, PROFILES, ROOMS, SYNC } from '../protocol/wire/services.ts'
import { communityTopic } from '../protocol/wire/topics.ts'
import { createActing } from './community/acting.ts'
import { sealInvite } from './community/inviting.ts'
import { deviceSigner } from './crypto/device-key.ts'
import type { Entrance } from './entrance.ts'
import { PeerError, type PeerErrorCode } from './errors.ts'
import { communityValidator } from './gossip/community.ts'
import type { Judging } from './gossip/received.ts'
import { startGreetings } from './greetings.ts'
import type { Ledger } from './ledger/ledger.ts'
import { settleLedger } from './ledger/settling.ts'
import type { MembershipCard } from './membership-card.ts'
import type { PeerIdString } from './network/network.ts'
import { Observed } from './observed.ts'
import { slotViews } from './people/slots.ts'
import type { SlotView } from './people/view.ts'
import { second } from './ports/clock.ts'
import type { Ports } from './ports.ts'
import type { Me } from './presence.ts'
import { openProfiles } from './profiles.ts'
import { refusal } from './refusal.ts'
import { ask, serve } from './requests.ts'
import { roomArchive } from './room/archive.ts'
import { createDirectory, type ListedRoom } from './room/directory.ts'
import { createRooms } from './room/rooms.ts'
import { communityView, memberView } from './shown.ts'
import type { MemberView, Peer, People, RelayState, RoomListing } from './view.ts'

/** Slots ripen and expire by the minute. Milliseconds. */
const SLOTS_EVERY = 60_000
/** Names that are missing are asked for again this often. Milliseconds. */
const NAMES_EVERY = 15_000
/** A newcomer gives their name right after the ledger has them; by then the relay holds it. Milliseconds. */
const NEW_NAMES_AFTER = 1_000

/** Everything of one running member that outlives a room. */
export interface PeerStart {
  readonly card: MembershipCard
  readonly entrance: Entrance
  readonly ledger: Ledger
  /** 32 bytes: the key of this tab or process, the one that the entrance's network runs with. */
  readonly sessionSeed: Uint8Array
}

/** Starts a member's peer. It works without the relay as far as it can, and looks for it until `stop`. */
export async function startPeer(ports: Ports, start: PeerStart): Promise<Peer> {
  const { clock, random, storage, locks, verifier, report } = ports
  const { card, entrance, ledger } = start
  const { network, site } = entrance
  const { community } = card
  const stopping = new AbortController()
  const { signal } = stopping
  const relayConnected = () => network.relays().includes(site.relay)
  const judging: Judging = { verifier, membership: () => ledger.membership.value }
  const me: Me = {
    member: card.member,
    device: deviceSigner(card.device),
    session: signerFromSeed(start.sessionSeed),
    peer: network.peer,
  }

  const profiles = await openProfiles(judging, network, storage)
  if (card.profile) await profiles.take(card.profile)
  const directory = createDirectory(judging, clock)
  const archive = roomArchive(storage)
  await archive.prune(second(clock))
  const greetings = await startGreetings(me, network, judging, clock, catchUp, {
    newest: () => ledger.checkpoint,
    shown: (from, checkpoint) => {
      const known = relayConnected() ? site.relay : undefined
      ledger.compare(from, checkpoint, known, signal).catch((error: unknown) => report('ledger', error))
    },
  })
  // A newcomer's network was connected while they chose a name.
  const relay = new Observed<RelayState>(network.relayState === 'connected' ? 'connected' : 'connecting')
  const refused = new Observed<PeerErrorCode | undefined>(undefined)
  const unwatch = network.on('relay', (state) => relay.set(state))
  /** What a room needs and no screen before it. The relay serves our code too, so it is fetched while the relay is there. */
  const roomParts = () =>
    Promise.all([ports.connections(site.iceServers), import('./mesh/mesh.ts'), import('./room/session.ts')])
  const rooms = createRooms({
    me,
    community,
    network,
    greetings,
    judging,
    clock,
    directory,
    archive,
    relay,
    names: profiles.names,
    locks,
    random,
    startMesh: async (room) => {
      const [connections, { startMesh }] = await roomParts()
      return startMesh(room, {
        network,
        connections,
        clock,
        verifier,
        membership: judging.membership,
        me: { member: me.member, device: me.device, peer: me.session.publicKey },
        report,
      })
    },
  })

  /** Names that have not arrived: a newcomer gives theirs a moment after they are in the ledger. */
  async function fetchNames(from: PeerIdString): Promise<void> {
    try {
      await profiles.fetch(from, signal)
    } catch (error) {
      // It went away; the next round asks again.
      report('profiles', error)
    }
  }

  // --- the ledger -----------------------------------------------------------------------------

  async function pullLedger(): Promise<void> {
    if (!relayConnected()) return
    try {
      const pulled = await ledger.pull(site.relay, signal)
      if (!pulled.ok) report('ledger', refusal(pulled.reason, pulled.at))
    } catch (error) {
      // The relay went away meanwhile: entering it again begins with the same.
      report('ledger', error)
    }
  }

  /** Brings our copy of the ledger, and the names of those in it, up to date, as far as the relay is there. */
  async function catchUp(): Promise<void> {
    await pullLedger()
    if (relayConnected()) await fetchNames(site.relay)
  }

  const acting = createActing({
    community,
    ledger,
    verifier,
    storage,
    locks,
    clock,
    relay: site.relay,
    connected: relayConnected,
    signal,
  })

  const unsubscribe = network.subscribe(
    communityTopic(community),
    communityValidator(judging, directory, clock, (promise) => {
      if (promise.payload.index >= ledger.membership.value.size) void catchUp()
      else ledger.heed(promise).catch((error: unknown) => report('ledger', error))
    }),
    () => {},
  )

  // --- what others may ask ---------------------------------------------------------------------

  const greeted = (peer: PeerIdString) => greetings.members.value.has(peer)
  await serve(network, PROFILES, async (from, request) => {
    if (!greeted(from) || request.get === undefined) return { error: 'not-admitted' }
    return { profiles: profiles.held(request.get) }
  })
  await serve(network, LEDGER, async (from, request) => {
    if (!greeted(from)) return { error: 'not-admitted' }
    if (request.get === undefined) return { error: 'not-log' }
    const { checkpoint: cp, membership } = ledger
    const entries = await ledger.entries(request.get)
    return { entries, size: membership.value.size, ...(cp && { cp }) }
  })
  await serve(network, ROOMS, async (from) => {
    if (!greeted(from)) return { error: 'not-admitted' }
    return {
      rooms: directory.rooms.value.slice(0, MAX_ROOMS_AN_ANSWER).map((room) => room.announcement.bytes),
    }
  })
  await serve(network, SYNC, async (from, request) => {
    if (!greeted(from)) return { error: 'not-admitted' }
    return rooms.current?.id === request.r ? rooms.current.sync(request) : { error: 'room-unknown' }
  })

  // --- what is shown -----------------------------------------------------------------------------

  const links = await storedLinks()
  const view = {
    community: new Observed(communityView(ledger.membership.value)),
    members: new Observed<readonly MemberView[]>([]),
    slots: new Observed<readonly SlotView[]>([]),
    rooms: new Observed<readonly RoomListing[]>([]),
  }

  const withName = (member: Member) => memberView(member, profiles.names.value(member.id))
  function drawMembers(): void {
    const membership = ledger.membership.value
    view.community.set(communityView(membership))
    view.members.set(membersInOrder(membership).map(withName))
    drawSlots()
    drawRooms()
  }
  function drawSlots(): void {
    view.slots.set(slotViews(ledger.membership.value, me.member, links, second(clock)))
  }
  function drawRooms(): void {
    view.rooms.set(directory.rooms.value.map((room) => listing(room, profiles.names.value)))
  }

  function askForNames(): void {
    if (!signal.aborted && relayConnected()) void fetchNames(site.relay)
  }

  async function storedLinks(): Promise<Map<KeyText, string>> {
    const stored = await storage.list(`invitation/${community}/`)
    return new Map(stored.map(([key, code]) => [key.split('/')[2] as KeyText, linkOf(code as string)]))
  }
  function linkOf(code: string): string {
    return `${site.origin}/#/i/${code}`
  }

  const cancels = [
    ledger.membership.subscribe(() => {
      drawMembers()
      profiles.forgetErased().catch((error: unknown) => report('profiles', error))
      clock.after(NEW_NAMES_AFTER, askForNames)
    }),
    settleLedger(ledger, clock, pullLedger),
    profiles.names.subscribe(drawMembers),
    directory.rooms.subscribe(drawRooms),
    clock.every(SLOTS_EVERY, drawSlots),
    clock.every(NAMES_EVERY, askForNames),
    greetings.members.subscribe((met) => {
      for (const [peer, member] of met) if (profiles.names.value(member) === undefined) void fetchNames(peer)
    }),
    unwatch,
  ]
  drawMembers()

  // --- the relay -----------------------------------------------------------------------------------

  entrance
    .say(async (relayId, entering) => {
      const entered = await greetings.enter(relayId, entering)
      if (!entered.ok) {
        const error = refusal(entered.reason, entered.at)
        refused.set(error.code)
        throw error
      }
      refused.set(undefined)
      void arrive(relayId)
    })
    .catch((error) => report('relay', error))

  /** What there is to do with a relay that has let us in. */
  async function arrive(relayId: PeerIdString): Promise<void> {
    try {
      const pulled = await ledger.pull(relayId, signal)
      if (!pulled.ok) report('ledger', refusal(pulled.reason, pulled.at))
      await acting.settle()
      const own = profiles.held([me.member])[0]
      if (own) await ask(network, relayId, PROFILES, { put: own }, signal)
      const list = await ask(network, relayId, ROOMS, {}, signal)
      if (list.ok) {
        for (const bytes of list.value.rooms ?? []) await directory.receive(bytes)
        rooms.listed()
      }
      await profiles.fetch(relayId, signal)
      await roomParts()
    } catch (error) {
      // It went away again; entering it again begins anew.
      report('relay', error)
    }
  }

  const chainOfDevice = ({ devices }: Membership) => devices.get(me.device.publicKey)?.chain
  let people: Promise<People> | undefined

  return {
    get me() {
      const member = ledger.membership.value.members.get(me.member)
      if (!member) throw new PeerError('not-member')
      return withName(member)
    },
    community: view.community,
    members: view.members,
    slots: view.slots,
    rooms: view.rooms,
    relay,
    refused,
    alarms: ledger.alarms,
    logStanding: ledger.standing,
    finalSize: ledger.finalSize,

    async invite() {
      const { payload } = await acting.next(me.device.publicKey, chainOfDevice, async (membership, chain) => {
        const slots = slotViews(membership, me.member, links, second(clock))
        const free = slots.find((slot) => slot.state === 'free')
        if (!free) throw new PeerError(whyNone(slots))
        const made = await sealInvite(
          community,
          me.member,
          me.device,
          chain,
          free.slot,
          second(clock),
          random,
        )
        const { key } = made.statement.payload
        // Kept before it is sent: a link whose secret is lost would hold its slot for nothing.
        await storage.put(`invitation/${community}/${key}`, made.code)
        links.set(key, linkOf(made.code))
        return made.statement
      })
      drawSlots()
      const { key, slot, exp } = payload
      return {
        link: links.get(key) as string,
        slot,
        expires: exp === undefined ? undefined : exp * 1000,
      }
    },

    async people() {
      people ??= import('./people/people.ts')
        .then(({ openPeople }) =>
          openPeople({
            me,
            ledger,
            profiles,
            acting,
            storage,
            clock,
            links,
            origin: site.origin,
            report,
            signal,
          }),
        )
        .catch((error: unknown) => {
          // It may not have come over the network: the next one who asks tries again.
          people = undefined
          throw error
        })
      return people
    },

    openRoom: rooms.open,
    joinRoom: rooms.join,

    async stop() {
      await rooms.current?.session.leave()
      stopping.abort()
      for (const cancel of cancels) cancel()
      unsubscribe()
      greetings.stop()
      directory.stop()
      await network.stop()
    },
  }
}

/** Why somebody cannot invite now. */
function whyNone(slots: readonly SlotView[]): PeerErrorCode {
  if (slots.some(({ state }) => state === 'paused')) return 'sponsor-paused'
  return slots.some(({ state }) => state === 'immature') ? 'slot-immature' : 'no-free-slot'
}

function listing(room: ListedRoom, nameOf: (member: MemberId) => string | undefined): RoomListing {
  const { title, topics, lang, m, at } = room.opening.payload
  const { people, here } = room.announcement.payload
  return {
    id: room.id,
    title,
    topics,
    language: lang,
    host: m,
    hostName: nameOf(m),
    opened: at * 1000,
    people,
    here: here.map(({ m: member, stage }) => ({ member, name: nameOf(member), speaker: stage })),
  }
}
