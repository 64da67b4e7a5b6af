/** The first acts of who has just come in: the relay knows them as a newcomer until they have said who they are now. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { NetworkError } from '../../node/network/network-error.ts'
import { type Clock, systemClock } from '../../node/ports/clock.ts'
import type { Door, Peer } from '../../node/view.ts'
import { decodeFrame } from '../../protocol/wire/frame.ts'
import { HELLO } from '../../protocol/wire/services.ts'
import { comesIn, type Insider } from '../support/insider.ts'
import { codeOf, found, join, newDevice, PATIENCE, until } from '../support/node-peer.ts'
import { startRelayProcess } from '../support/relay-process.ts'

const EVENING = { title: 'Evening', topics: [], language: 'en' }

async function village() {
  const relay = await startRelayProcess()
  onTestFinished(() => relay.close())
  const alice = stopLater(
    await found((await newDevice()).open(relay.origin), relay.foundingLink as string, 'Alice'),
  )
  return { relay, alice }
}

function stopLater(peer: Peer): Peer {
  onTestFinished(() => peer.stop())
  return peer
}

/**
 * Comes in by a link.
 * @param hello is called in place of every presence that their peer shows the relay; `say` shows it
 */
async function guest(
  origin: string,
  link: string,
  name: string,
  hello: (say: () => Promise<Uint8Array>) => Promise<Uint8Array>,
): Promise<Insider> {
  const code = codeOf(link)
  const insider = await comesIn(
    origin,
    async (ways) => ways.join({ code, name, identity: await ways.newIdentity() }),
    ({ entrance: { network } }) => {
      const request = network.request.bind(network)
      network.request = (peer, protocol, body, options) => {
        const say = () => request(peer, protocol, body, options)
        const read = protocol === HELLO.protocol ? decodeFrame(HELLO.request, body) : undefined
        return read?.ok && read.value.p !== undefined ? hello(say) : say()
      }
    },
  )
  stopLater(insider.peer)
  return insider
}

/** The types of what somebody has said in the ledger, in their order. */
async function saidBy(peer: Peer): Promise<readonly string[]> {
  const { entries } = JSON.parse(await (await peer.people()).exportOwn()) as {
    entries: { type: string; payload: { m?: string } }[]
  }
  return entries.filter(({ payload }) => payload.m === peer.me.id).map(({ type }) => type)
}

test('who has come in is known to the relay as a member, and invites, vouches and opens a room at once', async () => {
  const { relay, alice } = await village()
  const order: string[] = []
  const come = async (name: string) => {
    const { peer } = await guest(relay.origin, (await alice.invite()).link, name, async (say) => {
      const answer = await say()
      order.push(`${name} is known`)
      return answer
    })
    order.push(`${name} is in`)
    expect(peer.relay.value).toBe('connected')
    return peer
  }
  const bob = await come('Bob')
  await bob.invite()
  const carol = await come('Carol')
  await (await carol.people()).vouch(bob.me.id)
  const dan = await come('Dan')
  await dan.openRoom({ ...EVENING, counts: true })
  expect(order).toEqual(['Bob', 'Carol', 'Dan'].flatMap((name) => [`${name} is known`, `${name} is in`]))
  expect(await saidBy(bob)).toContain('invite')
  expect(await saidBy(carol)).toContain('vouch')
  expect(await saidBy(dan)).toContain('room-open')
})

test('who came in and could not say so to the relay is a member all the same, and nothing is signed before it knows', async () => {
  const { relay, alice } = await village()
  let isLost = true
  const { peer: bob } = await guest(relay.origin, (await alice.invite()).link, 'Bob', async (say) => {
    if (isLost) throw new NetworkError('closed', 'lost')
    return say()
  })
  expect(bob.me).toMatchObject({ name: 'Bob', sponsor: alice.me.id })
  expect(bob.relay.value).toBe('connecting')
  await expect(bob.invite()).rejects.toMatchObject({ code: 'relay-unreachable' })
  isLost = false
  await until(bob.relay, (state) => state === 'connected')
  await bob.invite()
  expect((await saidBy(bob)).filter((type) => type === 'invite')).toHaveLength(1)
})

test('who comes in through a mirror that is late waits until it has what the log took, and acts at once', async () => {
  const { relay, alice } = await village()
  const road = await heldRoad(relay.origin)
  const mirror = await startRelayProcess(['--mirror', road.origin])
  onTestFinished(() => mirror.close())
  let looked = 0
  // The mirror has answered, and does not have it: nobody but who is coming in waits for anything.
  const clock: Clock = {
    ...systemClock,
    after(milliseconds, callback) {
      looked += 1
      road.open()
      return systemClock.after(milliseconds, callback)
    },
  }
  const door: Door = (await newDevice({ clock })).open(mirror.origin)
  await expect.poll(() => door.site(), { timeout: PATIENCE }).toEqual({ founded: true })
  const { link } = await alice.invite()
  const bob = stopLater(await join(door, link, 'Bob'))
  expect(road.held).toBeGreaterThan(0)
  expect(looked).toBeGreaterThan(0)
  expect(bob.relay.value).toBe('connected')
  await bob.invite()
  expect(await saidBy(bob)).toContain('invite')
})

/** A road to a relay, on which nothing comes back to who reads its files from the first statement that it takes until it is opened. */
async function heldRoad(origin: string) {
  const opened = Promise.withResolvers<void>()
  let closed = false
  let held = 0
  const server = createServer(async (request, response) => {
    const url = new URL(request.url as string, origin)
    if (request.method === 'GET') {
      if (closed) {
        held += 1
        await opened.promise
      }
      const answer = await fetch(url)
      return response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()))
    }
    const pieces: Uint8Array[] = []
    for await (const piece of request) pieces.push(piece)
    if (url.pathname === '/submit/statement') closed = true
    const answer = await fetch(url, { method: 'POST', body: Buffer.concat(pieces) })
    return response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    opened.resolve()
    server.closeAllConnections()
    server.close()
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many requests were held. */
    get held() {
      return held
    },
    open() {
      closed = false
      opened.resolve()
    },
  }
}
