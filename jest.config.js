/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          target: 'es2024',
          transform: { react: { runtime: 'automatic' } },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['<rootDir>/**/*.test.ts', '<rootDir>/**/*.test.tsx'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/gen/', '<rootDir>/data/'],
  modulePathIgnorePatterns: ['<rootDir>/gen/editor', '<rootDir>/gen/\\.fresh', '<rootDir>/data/'],
  testTimeout: 90_000,
  // Modules of a test file are never collected: a worker that has run many of them spends most of its time looking for what it could free.
  workerIdleMemoryLimit: '300MB',
}
