/** A road to a server on which every byte takes its time: a TCP proxy. */

import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

export interface SlowStream {
  /** Where the server seems to be. */
  readonly origin: string
  close(): Promise<void>
}

/**
 * What is sent arrives later, in its order; opening a connection costs nothing.
 * @param origin of a server on this machine @param delay each way, in milliseconds
 */
export async function slowStream(origin: string, delay: number): Promise<SlowStream> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const far = dial(Number(new URL(origin).port), 'localhost')
    carry(client, far)
    carry(far, client)
  })

  function carry(from: Socket, to: Socket): void {
    sockets.add(from)
    from.setNoDelay(true)
    from.on('data', (piece) => void setTimeout(() => to.write(piece), delay))
    from.on('close', () => {
      sockets.delete(from)
      setTimeout(() => to.destroy(), delay)
    })
    // Either end may break off; the other one then ends too.
    from.on('error', () => {})
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
