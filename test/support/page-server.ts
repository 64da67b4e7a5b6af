import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build, type Rolldown } from 'vite'

export interface PageServer {
  /** Of an empty page that runs the script; its origin is secure. */
  readonly url: string
  close(): Promise<void>
}

/** Serves a page that runs one module of ours, what it imports, and the workers that it starts. @param entry path of the module */
export async function servePage(entry: string): Promise<PageServer> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      rolldownOptions: { input: entry, output: { entryFileNames: 'page.js' } },
    },
  })
  const { output } = built as Rolldown.RolldownOutput
  const scripts = new Map(
    output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : Buffer.from(file.source).toString(),
    ]),
  )
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'
  const server = createServer((request, response) => {
    const script = scripts.get(request.url ?? '')
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
