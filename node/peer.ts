import { type Member, type Membership, membersInOrder } from '../protocol/community/membership.ts'
import type { KeyText, MemberId } from '../protocol/ids.ts'
import { signerFromSeed } from '../protocol/signature.ts'
import { LEDGER, MAX_ROOMS_AN_ANSWER, PROFILES, ROOMS } from '../protocol/wire/services.ts'
import { communityTopic } from '../protocol/wire/topics.ts'
import { openBlocks } from './blocks.ts'
import { sealInvite } from './community/inviting.ts'
import { deviceSigner } from './crypto/device-key.ts'
import type { Entrance } from './entrance.ts'
import { PeerError, type PeerErrorCode } from './errors.ts'
import { communityValidator } from './gossip/community.ts'
import type { Judging } from './gossip/received.ts'
import { startGreetings } from './greetings.ts'
import { writeHidesAddress } from './hidden-address.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { Named } from './ledger/light.ts'
import { settleLedger } from './ledger/settling.ts'
import type { MembershipCard } from './membership-card.ts'
import type { PeerIdString } from './network/network.ts'
import { Observed } from './observed.ts'
import { slotViews } from './people/slots.ts'
import type { SlotView } from './people/view.ts'
import { type Cancel, second } from './ports/clock.ts'
import type { Ports } from './ports.ts'
import type { Me } from './presence.ts'
import { openProfiles } from './profiles.ts'
import { refusal } from './refusal.ts'
import { ask, serve } from './requests.ts'
import { roomArchive } from './room/archive.ts'
import { createDirectory, type ListedRoom } from './room/directory.ts'
import type { Rooms } from './room/rooms.ts'
import { communityView, memberView } from './shown.ts'
import type { MemberView, Peer, RelayState, RoomListing } from './view.ts'

/** Slots ripen and expire by the minute. Milliseconds. */
const SLOTS_EVERY = 60_000
/** Names that are missing are asked for again this often. Milliseconds. */
const NAMES_EVERY = 15_000
/** A newcomer gives their name right after the ledger has them; by then the relay holds it. Milliseconds. */
const NEW_NAMES_AFTER = 1_000
/** How soon a relay that has less of the ledger than we is looked at again. Milliseconds. */
const BEHIND_AGAIN = 5_000

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
  /** The relay has taken us for a member. A newcomer's network was connected, and admitted, before. */
  let isGreeted = false
  const relayConnected = () => isGreeted && network.relays().includes(site.relay)
  const judging: Judging = {
    verifier,
    membership: () => ledger.membership.value,
    meet: (who) => ledger.meet(who),
  }
  const me: Me = {
    member: card.member,
    device: deviceSigner(card.device),
    session: signerFromSeed(start.sessionSeed),
    peer: network.peer,
  }

  const profiles = await openProfiles(judging, network, storage)
  if (card.profile) await profiles.take(card.profile)
  const directory = createDirectory(judging, clock)
  /** Private rooms to which this session is called. */
  const calls = createDirectory(judging, clock, true)
  const listRead = new Observed(false)
  const archive = roomArchive(storage)
  const blocks = await openBlocks(storage, community)
  await archive.prune(second(clock))
  const greetings = await startGreetings(me, network, judging, clock, find, {
    newest: () => ledger.checkpoint,
    shown: (from, checkpoint) => {
      const known = relayConnected() ? site.relay : undefined
      ledger.compare(from, checkpoint, known, signal).catch((error: unknown) => report('ledger', error))
    },
  })
  const relay = new Observed<RelayState>('connecting')
  const refused = new Observed<PeerErrorCode | undefined>(undefined)
  const unwatch = network.on('relay', (state) => {
    if (isGreeted) relay.set(state)
  })
  /** By whoever acts, or came with an act that nobody acknowledged. */
  const acting = loaded(async () =>
    (await import('./community/acting.ts')).createActing({
      community,
      ledger,
      verifier,
      storage,
      locks,
      clock,
      relay: site.relay,
      connected: relayConnected,
      signal,
    }),
  )

  const ends: (() => Promise<void>)[] = []
  const stage = loaded(async () => {
    const [{ openStageKeeper }, acts] = await Promise.all([import('./room/stage-keeper.ts'), acting()])
    const keeper = openStageKeeper({
      me,
      community,
      ledger,
      acting: acts,
      storage,
      locks,
      clock,
      directory,
      connected: relayConnected,
      report,
    })
    ends.push(keeper.stop)
    return keeper
  })
  /** One for all rooms: what waits for the next one, and what is held for it, are the same. */
  const connections = loaded(async () => ports.connections(site.iceServers))
  let openedRooms: Rooms | undefined
  const rooms = loaded(async () => {
    const [{ createRooms }, { serveRooms }, { knownRelays }, { listStandby }, { ahead }] = await Promise.all([
      import('./room/rooms.ts'),
      import('./room/services.ts'),
      import('./room/known-relays.ts'),
      import('./room/list-standby.ts'),
      connections(),
    ])
    const known = knownRelays(network, site)
    const { sessionSeed } = start
    const sound = {
      network,
      clock,
      verifier,
      membership: judging.membership,
      me: { member: me.member, device: me.device, peer: me.session.publicKey },
    }
    const standby = ahead && listStandby({ ...sound, ...known, report, connections: ahead, directory })
    openedRooms = createRooms({
      me,
      sessionSeed,
      community,
      network,
      greetings,
      judging,
      clock,
      directory,
      calls,
      listRead,
      archive,
      relay,
      names: profiles.names,
      blocked: blocks.blocked,
      locks,
      random,
      stage,
      report,
      startSound: async (room) => {
        const [, connectionsOf, { startMesh }, { createCarriage }] = await roomParts()
        // What is held and the connections are of one room, or of none.
        const held = standby?.take()
        const parts = { ...sound, connections: connectionsOf({ room, seed: sessionSeed }), report }
        try {
          const mesh = await startMesh(room, parts)
          return { mesh, carriage: createCarriage({ ...parts, room, ...known, held }) }
        } catch (error) {
          await held?.link.close()
          throw error
        }
      },
      standby,
    })
    // Who came by another relay of the community is in the same rooms, so we meet at all of them.
    known.meet(site.others)
    await serveRooms({ me, sessionSeed, community, network, greetings, rooms: openedRooms, calls })
    return openedRooms
  })
  /** What a room needs and no screen before it. The relay serves our code too, so it is fetched while the relay is there. */
  const roomParts = () =>
    Promise.all([
      stage(),
      connections(),
      import('./mesh/mesh.ts'),
      import('./room/carriage.ts'),
      import('./room/session.ts'),
      rooms(),
    ])

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

  let lookAgain: Cancel | undefined

  /** @throws NetworkError */
  async function pullFrom(relayId: PeerIdString): Promise<void> {
    const pulled = await ledger.pull(relayId, signal)
    if (!pulled.ok) report('ledger', refusal(pulled.reason, pulled.at))
    // It gets what it has promised from its members, when it is ready for that.
    if (ledger.standing.value !== 'behind' || signal.aborted) return
    lookAgain ??= clock.after(BEHIND_AGAIN, () => {
      lookAgain = undefined
      void pullLedger()
    })
  }

  async function pullLedger(): Promise<void> {
    if (!relayConnected()) return
    try {
      await pullFrom(site.relay)
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

  /** The same for somebody who is not in our copy, and may have been let in just now. */
  async function find(who: Named): Promise<void> {
    try {
      if (relayConnected()) await ledger.find(who, site.relay, signal)
    } catch (error) {
      report('ledger', error)
    }
    if (ledger.reading.value === undefined && relayConnected()) await fetchNames(site.relay)
  }

  /** Resolves when the ledger was read: what is not in it must not be acted on before. */
  const whole = () =>
    new Promise<void>((resolve) => {
      const end = ledger.reading.subscribe((reading) => {
        if (reading !== undefined) return
        end()
        resolve()
      })
      if (ledger.reading.value !== undefined) return
      end()
      resolve()
    })

  const unsubscribe = network.subscribe(
    communityTopic(community),
    communityValidator(judging, directory, clock, (promise) => {
      if (promise.payload.index >= ledger.membership.value.size) void catchUp()
      ledger.heed(promise).catch((error: unknown) => report('ledger', error))
    }),
    () => {},
  )

  // --- what others may ask ---------------------------------------------------------------------

  const greeted = async (peer: PeerIdString) => (await greetings.whose(peer)) !== undefined
  await serve(network, PROFILES, async (from, request) => {
    if (!(await greeted(from)) || request.get === undefined) return { error: 'not-admitted' }
    return { profiles: profiles.held(request.get) }
  })
  await serve(network, LEDGER, async (from, request) => {
    if (!(await greeted(from))) return { error: 'not-admitted' }
    if (request.get === undefined) return { error: 'not-log' }
    const { checkpoint: cp, size } = ledger
    const entries = (await ledger.entries(request.get)).slice(0, request.most)
    return { entries, size, ...(cp && { cp }) }
  })
  await serve(network, ROOMS, async (from) => {
    if (!(await greeted(from))) return { error: 'not-admitted' }
    return {
      rooms: directory.rooms.value.slice(0, MAX_ROOMS_AN_ANSWER).map((room) => room.announcement.bytes),
    }
  })

  // --- what is shown -----------------------------------------------------------------------------

  const links = await storedLinks()
  const view = {
    community: new Observed(communityView(ledger.membership.value, ledger.reading.value === undefined)),
    members: new Observed<readonly MemberView[]>([]),
    slots: new Observed<readonly SlotView[]>([]),
    rooms: new Observed<readonly RoomListing[]>([]),
  }

  const withName = (member: Member) => memberView(member, profiles.names.value(member.id))
  function drawMembers(): void {
    const membership = ledger.membership.value
    view.community.set(communityView(membership, ledger.reading.value === undefined))
    view.members.set(membersInOrder(membership).map(withName))
    drawSlots()
    drawRooms()
  }
  function drawSlots(): void {
    view.slots.set(slotViews(ledger.membership.value, me.member, links, second(clock)))
  }
  function drawRooms(): void {
    const blocked = blocks.blocked.value
    const known = [...calls.rooms.value, ...directory.rooms.value]
    const listed = known.filter((room) => !blocked.has(room.opening.payload.m))
    view.rooms.set(listed.map((room) => listing(room, profiles.names.value, blocked)))
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
    calls.rooms.subscribe(drawRooms),
    blocks.blocked.subscribe(drawRooms),
    clock.every(SLOTS_EVERY, drawSlots),
    clock.every(NAMES_EVERY, askForNames),
    greetings.members.subscribe((met) => {
      for (const [peer, member] of met) if (profiles.names.value(member) === undefined) void fetchNames(peer)
    }),
    unwatch,
  ]
  drawMembers()

  // --- the relay -----------------------------------------------------------------------------------

  const greeting = entrance
    .say(async (relayId, entering) => {
      const entered = await greetings.enter(relayId, entering)
      // The others only carry; what the person is told, and the ledger, are this one's.
      if (relayId !== site.relay) {
        if (!entered.ok) throw refusal(entered.reason, entered.at)
        return
      }
      if (!entered.ok) {
        const error = refusal(entered.reason, entered.at)
        refused.set(error.code)
        throw error
      }
      refused.set(undefined)
      isGreeted = true
      if (network.relayState === 'connected') relay.set('connected')
      void arrive(relayId)
    })
    .catch((error) => report('relay', error))
  // Whoever has just come in may act at once, and a relay takes nothing else from somebody whom it knows as a newcomer.
  if (network.connections().some(({ peer }) => peer === site.relay)) {
    await greeting
    // The next connection begins with the same, as after every admission that failed.
    if (!isGreeted) void network.disconnect(site.relay)
  }

  /** What there is to do with a relay that has let us in. */
  async function arrive(relayId: PeerIdString): Promise<void> {
    try {
      await pullFrom(relayId)
      const own = profiles.held([me.member])[0]
      if (own) await ask(network, relayId, PROFILES, { put: own }, signal)
      const list = await ask(network, relayId, ROOMS, {}, signal)
      if (list.ok) {
        for (const bytes of list.value.rooms ?? []) await directory.receive(bytes)
        listRead.set(true)
      }
      await profiles.fetch(relayId, signal)
      if (ledger.reading.value === undefined) await (await acting()).settle()
      const [keeper] = await roomParts()
      await keeper.settle()
    } catch (error) {
      // It went away again; entering it again begins anew.
      report('relay', error)
    }
  }

  if (ledger.reading.value !== undefined)
    ledger
      .grow(signal, (error) => report('ledger', error))
      .then(async () => {
        if (!signal.aborted && relayConnected()) await (await acting()).settle()
      })
      .catch((error: unknown) => report('ledger', error))

  const chainOfDevice = ({ devices }: Membership) => devices.get(me.device.publicKey)?.chain
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
    hidesAddress: network.hidesAddress,
    hideAddress: (hides) => writeHidesAddress(storage, hides),
    reading: ledger.reading,

    async invite() {
      await whole()
      const { payload } = await (await acting()).next(
        me.device.publicKey,
        chainOfDevice,
        async (membership, chain) => {
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
        },
      )
      drawSlots()
      const { key, slot, exp } = payload
      return {
        link: links.get(key) as string,
        slot,
        expires: exp === undefined ? undefined : exp * 1000,
      }
    },

    people: loaded(async () => {
      await whole()
      const [{ openPeople }, acts] = await Promise.all([import('./people/people.ts'), acting()])
      return openPeople({
        me,
        ledger,
        profiles,
        acting: acts,
        ports,
        site,
        links,
        refused,
        signal,
      })
    }),

    blocked: blocks.blocked,
    setBlocked: blocks.set,
    openRoom: async (room) => (await rooms()).open(room),
    joinRoom: async (room) => (await rooms()).join(room),
    expectEntry(isExpected) {
      rooms()
        .then((opened) => opened.expect(isExpected))
        .catch((error: unknown) => report('rooms', error))
    },

    async stop() {
      openedRooms?.expect(false)
      await openedRooms?.current?.session.leave()
      stopping.abort()
      for (const cancel of cancels) cancel()
      lookAgain?.()
      unsubscribe()
      for (const end of ends) await end()
      greetings.stop()
      directory.stop()
      calls.stop()
      await network.stop()
    },
  }
}

/** Loads when it is first asked for, and then is the same; what did not come over the network is asked for again. */
function loaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}

/** Why somebody cannot invite now. */
function whyNone(slots: readonly SlotView[]): PeerErrorCode {
  if (slots.some(({ state }) => state === 'paused')) return 'sponsor-paused'
  return slots.some(({ state }) => state === 'immature') ? 'slot-immature' : 'no-free-slot'
}

function listing(
  room: ListedRoom,
  nameOf: (member: MemberId) => string | undefined,
  hidden: ReadonlySet<MemberId>,
): RoomListing {
  const { title, topics, lang, m, at, vis } = room.opening.payload
  const { people, here } = room.announcement.payload
  return {
    id: room.id,
    title,
    isPrivate: vis === 'private',
    topics,
    language: lang,
    host: m,
    hostName: nameOf(m),
    opened: at * 1000,
    people,
    here: here
      .filter(({ m: member }) => !hidden.has(member))
      .map(({ m: member, stage }) => ({ member, name: nameOf(member), speaker: stage })),
  }
}
