import { createSocket } from 'node:dgram'

/** Below those that the system gives to whoever asks for any: such a one may be somebody else's before the media process comes for it. */
const [FIRST, COUNT] = [10_000, 10_000]
const given = new Set<number>()

/** A UDP port that nobody has, and that nobody is given who did not ask for it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind(port, () => socket.close(() => resolve(true)))
  })
}
