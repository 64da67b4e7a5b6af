/** What a guest's process does: it comes in, takes the stage when that is offered, and says what its person sees. */

import process from 'node:process'
import type { RoomSession, RoomView } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { join, joinListed, microphone, newDevice } from './node-peer.ts'
import { type Pace, quickClock } from './quick-clock.ts'

/** What a guest is told: first to enter. */
export interface GuestOrders {
  readonly enter: {
    readonly origin: string
    readonly link: string
    readonly name: string
    /** Of the room. */
    readonly title: string
    readonly pace: Pace
  }
  /** When their clock begins to be quick. */
  readonly go?: number
  /** Takes the offer of the stage. */
  readonly accept?: true
}

/** What a guest sees of the room. */
export interface GuestSight extends Pick<RoomView, 'status' | 'relay' | 'missed'> {
  readonly member: MemberId
  readonly isOnStage: boolean
  readonly isOffered: boolean
}

function tell(session: RoomSession): void {
  const { status, me, offer, missed, relay } = session.view.value
  process.send?.({
    status,
    relay,
    member: me.member,
    isOnStage: me.onStage,
    isOffered: offer !== undefined,
    missed,
  } satisfies GuestSight)
}

async function enter({ origin, link, name, title, pace }: GuestOrders['enter']): Promise<void> {
  const clock = quickClock(pace)
  process.on('message', ({ go }: GuestOrders) => {
    if (go !== undefined) clock.go(go)
  })
  const peer = await join((await newDevice({ clock })).open(origin), link, name)
  const session = await joinListed(peer, title)
  process.on('message', ({ accept }: GuestOrders) => {
    if (accept) void session.acceptStage(microphone())
  })
  session.view.subscribe(() => tell(session))
  tell(session)
}

process.once('message', (orders: GuestOrders) => void enter(orders.enter))
process.once('disconnect', () => process.exit())
