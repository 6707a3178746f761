/** The dashboard's page: the frame, and in it the markup that dashboard_page.js fills. */

import './dashboard.css';
import { useEffect, useRef } from 'preact/hooks';
import { mountPage } from '../shell/page';

function Dashboard() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const content = document.getElementById('dashboard-content') as HTMLTemplateElement;
    place.current?.append(content.content.cloneNode(true));
    import('./dashboard_page.js');
  }, []);
  return <div ref={place} />;
}

mountPage({ current: '/dashboard', wide: true }, <Dashboard />);
