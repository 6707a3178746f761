import { defineConfig, type Plugin } from 'vite';

const GATEWAY = 'http://127.0.0.1:8080';
// The gateway's own table (gateway/pages.py): which file answers at which address.
const ROUTES: [RegExp, string][] = [
  [/^\/uploads\/[^/]+$/, '/upload.html'],
  [/^\/dashboard$/, '/dashboard.html'],
  [/^\/review$/, '/review.html'],
  [/^\/admin$/, '/admin.html'],
];

/** Has `npm run dev` answer at the addresses that the gateway would. */
function gatewayRoutes(): Plugin {
  return {
    name: 'gateway-routes',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const path = request.url?.split('?')[0] ?? '';
        request.url = ROUTES.find(([route]) => route.test(path))?.[1] ?? request.url;
        next();
      });
    },
  };
}

export default defineConfig({
  // What is served as it is lies in src, so that it is hashed like everything else.
  publicDir: false,
  plugins: [gatewayRoutes()],
  server: { host: '127.0.0.1', proxy: { '/api': GATEWAY, '/config.json': GATEWAY } },
  build: {
    target: 'es2022',
    assetsDir: 'static',
    // The Content-Security-Policy lets in files of our own origin and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'upload.html', 'dashboard.html', 'review.html', 'admin.html'] },
  },
});
