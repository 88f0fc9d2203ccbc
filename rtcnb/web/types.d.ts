// What a notebook host and anywidget hand to a widget's module.

export interface Kernel {
  clientId: string;
  username: string;
  isDisposed?: boolean;
  status?: string;
  sendControlMessage(message: object, expectReply?: boolean, disposeOnDone?: boolean): unknown;
}

export interface WidgetManager {
  kernel?: Kernel;
  get_model(id: string): Promise<any>;
}

export interface Model {
  get(name: string): any;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event?: string | null, callback?: ((...args: any[]) => void) | null): void;
  send(content: unknown, callbacks?: unknown, buffers?: unknown[]): void;
  widget_manager?: WidgetManager;
}

export interface InitializeContext {
  model: Model;
}

export interface RenderContext {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal;
}
