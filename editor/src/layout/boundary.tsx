import type { ReactNode } from 'react'
import { Component } from 'react'

interface Props {
  readonly name: string
  readonly children: ReactNode
}

/** Keeps what goes wrong in one part of the page from taking the others along. */
export class Boundary extends Component<Props, { readonly message: string | undefined }> {
  override state: { readonly message: string | undefined } = { message: undefined }

  static getDerivedStateFromError(error: unknown): { readonly message: string } {
    return { message: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    const { message } = this.state
    if (message === undefined) return this.props.children
    return (
      <div className="boundary" role="alert">
        <p>
          The {this.props.name} cannot be shown: {message}
        </p>
        <button className="button button--small" onClick={() => this.setState({ message: undefined })}>
          Try again
        </button>
      </div>
    )
  }
}
