/** A road for datagrams on which they take their time, and some do not arrive: a UDP proxy, as a mobile network or a full Wi-Fi would be. */

import { createSocket, type Socket } from 'node:dgram'
import { losses } from './losses.ts'

export interface SlowRoadOptions {
  /** Where one goes to, and whence the server sees everybody come: an address of this machine that the server has not. */
  readonly from: string
  /** The server's address. */
  readonly to: string
  /** The same on both sides. */
  readonly ports: readonly number[]
  /** Share of the datagrams that are lost, each way. The same ones in each run, by their order on each way of each guest. */
  readonly loss: number
  /** For each datagram, each way. Milliseconds. */
  readonly delay: number
}

export interface SlowRoad {
  /** Datagrams that were lost so far, and that were not. */
  readonly lost: number
  readonly carried: number
  close(): Promise<void>
}

export async function slowRoad({ from, to, ports, loss, delay }: SlowRoadOptions): Promise<SlowRoad> {
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let [lost, carried, ways] = [0, 0, 0]

  /** One way of one guest. */
  function way(): (send: () => void) => void {
    ways += 1
    const isLost = losses(loss, undefined, ways)
    return (send) => {
      if (isLost()) {
        lost += 1
        return
      }
      const timer = setTimeout(() => {
        timers.delete(timer)
        carried += 1
        send()
      }, delay)
      timers.add(timer)
    }
  }

  async function open(port: number, address: string): Promise<Socket> {
    const socket = createSocket('udp4')
    sockets.add(socket)
    // Nobody listens there any more: what is sent is lost, as it would be on the road.
    socket.on('error', () => {})
    await new Promise<void>((resolve) => socket.bind(port, address, resolve))
    return socket
  }

  /** Whoever comes has a socket of its own towards the server, as behind a router. */
  async function begin(port: number): Promise<void> {
    const near = await open(port, from)
    const guests = new Map<string, (bytes: Buffer) => void>()
    near.on('message', (bytes, { address, port: guest }) => {
      const name = `${address} ${guest}`
      const known = guests.get(name) ?? arrive(near, port, address, guest)
      guests.set(name, known)
      known(bytes)
    })
  }

  function arrive(near: Socket, port: number, address: string, guest: number): (bytes: Buffer) => void {
    const [there, back] = [way(), way()]
    // Not from the loopback: Firefox takes no answer to its checks that says it was seen there.
    const far = open(0, from)
    void far.then((socket) => socket.on('message', (answer) => back(() => near.send(answer, guest, address))))
    return (bytes) => there(() => void far.then((socket) => socket.send(bytes, port, to)))
  }

  await Promise.all(ports.map(begin))
  return {
    get lost() {
      return lost
    },
    get carried() {
      return carried
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([...sockets].map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
    },
  }
}
