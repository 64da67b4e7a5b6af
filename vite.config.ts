import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { leaveOut, leaveOutLogs } from './web/build/leave-out.ts'
import { oneCurve } from './web/build/one-curve.ts'
import { replace } from './web/build/replace.ts'

const house = import.meta.dirname

/** Shared by screens and by parts of a peer that come after the first ones. */
const LATER =
  /\/(web\/components\/(Alarm|Phrase|TextField|CheckField|LinkField|CopyButton|QrCode|(Confirm)?Dialog|Microphone(Test|Button)|Reactions)\.svelte|web\/(people-icons|room-icons|reactions|state\/(save|microphone-check\.svelte|room\.svelte))\.ts|web\/(audio|moderation|messages\/moderation|screens)\/|protocol\/((audio|room)\/|wire\/(epoch|fanout|private-room|signalling|welcome|welcome-content)\.ts)|node\/((room|mesh|voice|audience)\/|bucket\.ts)|protocol\/identity\/root\.ts|@scure\/bip39\/|node\/(peer|greetings|profiles)\.ts|node\/community\/(enrolment|founding)\.ts|node\/audit\/)/

/** Where the many processes and threads that tests start find what Node made of our TypeScript before: it is most of what a start takes. */
const env = { NODE_COMPILE_CACHE: `${house}/node_modules/.cache/node` }

export default defineConfig({
  root: 'web',
  cacheDir: `${house}/node_modules/.vite`,
  plugins: [svelte({ configFile: false }), leaveOut(), leaveOutLogs(), replace(), oneCurve()],
  build: {
    outDir: 'dist',
    // What the app cannot do without (encoded transforms, `Promise.withResolvers`) is younger than any syntax to lower.
    target: 'es2024',
    reportCompressedSize: false,
    // kB before compression: js-libp2p with what we need of it is 580. What a visitor downloads is measured by `npm run bench`.
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: {
        // What two screens share goes into one file: thirty small ones, each compressed by itself, are 5 kB more to load. Not, however, what
        // no first screen needs.
        codeSplitting: {
          groups: [{ name: 'shared', minShareCount: 2, minSize: 0, test: (id: string) => !LATER.test(id) }],
        },
      },
    },
  },
  worker: { format: 'es' },
  // The app asks its own origin for the relay's address: in development, that of a relay started beside it with `npm start`.
  server: { proxy: { '/.well-known': 'http://localhost:8080' } },
  test: {
    projects: [
      {
        root: house,
        test: {
          name: 'unit',
          environment: 'node',
          env,
          include: [
            'test/{protocol,node,relay,web,cli,vectors,property,scenario,contract,simulation,support}/**/*.test.ts',
          ],
          // Those that take long mostly wait for processes of their own.
          maxWorkers: '100%',
          // For what hangs: no test may depend on how quick the machine is.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 60_000 } },
        },
      },
      {
        root: house,
        test: {
          name: 'browser',
          environment: 'node',
          env,
          include: ['test/browser/**/*.test.ts'],
          globalSetup: [`${house}/test/support/build.ts`],
          // Real browsers on a small machine: one file at a time, and time for a cold start.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // The second that Vitest waits by itself is a measure of the machine, as above.
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
})
