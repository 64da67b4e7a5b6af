/** A road to a server on which answers can get lost: a TCP proxy that a test tells when to stop carrying them. */

import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'

export interface LossyRoad {
  /** Where the server seems to be. */
  readonly origin: string
  /**
   * From the first piece of at least so many bytes that a client sends on, nothing comes back to it; what it sends still
   * arrives. Resolves when that piece is on its way.
   */
  loseAnswersTo(bytes: number): Promise<void>
  /** Carries answers again, on new connections; those that lost some are cut. */
  mend(): void
  close(): Promise<void>
}

/** @param origin of a server on this machine */
export async function lossyRoad(origin: string): Promise<LossyRoad> {
  const sockets = new Set<Socket>()
  const lossy = new Set<Socket>()
  let threshold = Number.POSITIVE_INFINITY
  let lost: () => void = () => {}

  const server = createServer((client) => {
    const far = dial(Number(new URL(origin).port), 'localhost')
    for (const socket of [client, far]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        far.destroy()
      })
      // Either end may break off; the other one then ends too.
      socket.on('error', () => {})
    }
    client.on('data', (piece) => {
      if (piece.length >= threshold) {
        lossy.add(client)
        lost()
      }
      far.write(piece)
    })
    far.on('data', (piece) => {
      if (!lossy.has(client)) client.write(piece)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswersTo(bytes) {
      threshold = bytes
      return new Promise((resolve) => {
        lost = resolve
      })
    },
    mend() {
      threshold = Number.POSITIVE_INFINITY
      for (const socket of lossy) socket.destroy()
      lossy.clear()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
