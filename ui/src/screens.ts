/** Every screen: its address behind `#/`, who may open it, and the file that is loaded for it. */

import type { Component } from 'svelte';

import type { IconName } from './lib/icons.ts';
import { t } from './texts/index.ts';

export interface Screen {
  /** First step of the address; '' is where one begins. */
  path: string;
  title: string;
  icon: IconName;
  /** Any of these permissions opens it. */
  needs: readonly string[];
  /** In the menu; the others are reached from other screens. */
  inMenu: boolean;
  /** Whoever may open it and does not plan begins here. */
  ofFloor?: boolean;
  load: () => Promise<{ default: Component }>;
}

export const SCREENS: readonly Screen[] = [
  {
    path: '',
    title: t.screens.room,
    icon: 'room',
    needs: ['plant.read'],
    inMenu: true,
    load: () => import('./pages/ControlRoom.svelte'),
  },
  { path: 'stock', title: t.screens.stock, icon: 'stock', needs: ['plant.read'], inMenu: true, load: () => import('./pages/Stock.svelte') },
  { path: 'orders', title: t.screens.orders, icon: 'orders', needs: ['plant.read'], inMenu: true, load: () => import('./pages/Orders.svelte') },
  { path: 'deliveries', title: t.screens.deliveries, icon: 'truck', needs: ['plant.read'], inMenu: true, load: () => import('./pages/Deliveries.svelte') },
  { path: 'changes', title: t.changes.title, icon: 'changes', needs: ['plant.read'], inMenu: true, load: () => import('./pages/Changes.svelte') },
  { path: 'part', title: t.screens.part, icon: 'search', needs: ['plant.read'], inMenu: true, load: () => import('./pages/Part.svelte') },
  { path: 'what-if', title: t.screens.whatIf, icon: 'question', needs: ['plan.make'], inMenu: true, load: () => import('./pages/WhatIf.svelte') },
  { path: 'data', title: t.data.title, icon: 'anomaly', needs: ['data.read'], inMenu: true, load: () => import('./pages/DataQuality.svelte') },
  { path: 'models', title: t.models.title, icon: 'models', needs: ['models.read'], inMenu: true, load: () => import('./pages/Models.svelte') },
  { path: 'proof', title: t.proof.title, icon: 'chart', needs: ['simulate'], inMenu: true, load: () => import('./pages/Proof.svelte') },
  {
    path: 'pick',
    title: t.floor.pick.title,
    icon: 'scan',
    needs: ['orders.ship'],
    inMenu: true,
    ofFloor: true,
    load: () => import('./pages/Picker.svelte'),
  },
  {
    path: 'line',
    title: t.floor.line.title,
    icon: 'line',
    needs: ['stock.report'],
    inMenu: true,
    ofFloor: true,
    load: () => import('./pages/LineLeader.svelte'),
  },
  {
    path: 'handover',
    title: t.floor.handover.title,
    icon: 'print',
    needs: ['stock.report'],
    inMenu: false,
    load: () => import('./pages/Handover.svelte'),
  },
  {
    path: 'admin',
    title: t.screens.admin,
    icon: 'shield',
    needs: ['users.manage', 'data.import', 'outbox.handle', 'audit.read', 'backups.run', 'system.read'],
    inMenu: true,
    load: () => import('./pages/Admin.svelte'),
  },
  {
    path: 'welcome',
    title: t.screens.welcome,
    icon: 'play',
    needs: ['data.import', 'system.read'],
    inMenu: false,
    load: () => import('./pages/Welcome.svelte'),
  },
];
